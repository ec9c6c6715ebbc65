// Dashboards in Grafana's own components, without its server. draw() shows one and returns what is
// seen of it: from the frames, what each field is; from the page, what is written where.
import React from 'react';
import { flushSync } from 'react-dom';
import { createRoot } from 'react-dom/client';
import * as D from '@grafana/data';
import * as U from '@grafana/ui';
import { initPluginTranslations } from '@grafana/i18n';
import { framesOf } from './frames.js';
import { Inside, valuesOf } from './panels.jsx';
import { optionsOf, register, unknownTo } from './registries.js';
import { replacedIn, sceneOf } from './scene.js';

const GAP = 8; // pixels between panels, as Grafana's grid has them
const ROW = 30;
register();

const first = (observable) => new Promise((resolve, reject) => observable.subscribe({ next: resolve, error: reject }));

async function prepared(panel, given, shared) {
  const { theme, replace } = shared;
  const targets = panel.targets ?? [];
  const raw = targets.flatMap((one) => framesOf(one, given.answers[panel.id][one.refId], targets.length > 1));
  const transformed = await first(D.transformDataFrame(panel.transformations ?? [], raw, { interpolate: replace }));
  const series = D.applyFieldOverrides({
    data: transformed, fieldConfig: panel.fieldConfig ?? { defaults: {}, overrides: [] },
    replaceVariables: replace, theme, timeZone: 'utc', fieldConfigRegistry: optionsOf(panel.type),
  });
  D.cacheFieldDisplayNames(series);
  return { ...shared, panel, series };
}

class Fence extends React.Component {
  state = {};
  static getDerivedStateFromError(error) { return { error }; }
  componentDidCatch(error) { this.props.failures.push(String(error.stack)); }
  render() { return this.state.error ? null : this.props.children; }
}

function Dashboard({ board, ready, width, failures, theme }) {
  const cell = (width - GAP) / 24;
  const rows = Math.max(...board.panels.map(({ gridPos }) => gridPos.y + gridPos.h));
  return <D.ThemeContext.Provider value={theme}><U.GlobalStyles />
    <div style={{ width, background: theme.colors.background.canvas }}>
      <header style={{ padding: '10px 12px 2px' }}>
        <h4 style={{ margin: 0 }}>{board.title}</h4>
        <span style={{ color: theme.colors.text.secondary }}>
          Grafana's components, without its server: six hours of a staged shop. Yellow: a deployment.
        </span>
      </header>
      <main style={{ position: 'relative', height: rows * (ROW + GAP) + GAP }}>
        {ready.map((of) => {
          const { x, y, w, h } = of.panel.gridPos;
          const place = { position: 'absolute', left: x * cell + GAP, top: y * (ROW + GAP) + GAP };
          if (of.panel.type === 'row') {
            return <div key={of.panel.id} id={`panel-${of.panel.id}`} style={place}><h2 style={{ fontSize: 14 }}>⌄ {of.panel.title}</h2></div>;
          }
          return <div key={of.panel.id} id={`panel-${of.panel.id}`} style={place}>
            <U.PanelChrome title={of.panel.title} description={of.panel.description}
              width={w * cell - GAP} height={h * (ROW + GAP) - GAP}>
              {(width, height) => <Fence failures={failures}><Inside of={of} width={width} height={height} /></Fence>}
            </U.PanelChrome>
          </div>;
        })}
      </main>
    </div>
  </D.ThemeContext.Provider>;
}

// Nothing has changed for some frames: charts and tables measure themselves before they draw.
const settled = (element) => new Promise((resolve) => {
  let still = 0;
  const observer = new MutationObserver(() => { still = 0; });
  observer.observe(element, { subtree: true, childList: true, attributes: true, characterData: true });
  const look = () => {
    still += 1;
    if (still < 12) { requestAnimationFrame(look); return; }
    observer.disconnect();
    resolve();
  };
  requestAnimationFrame(look);
});

let root;
window.draw = async (given, mode, width) => {
  const { board, from, to } = given;
  const theme = D.createTheme({ colors: { mode } });
  const failures = [];
  const scene = sceneOf(board, given.chosen, from, to);
  const [begin, end] = [D.dateTime(from), D.dateTime(to)];
  const shared = {
    theme, replace: replacedIn(scene), marks: given.marks, range: { from: begin, to: end, raw: { from: begin, to: end } },
  };
  const unknown = Object.fromEntries(board.panels.map((panel) => [panel.id, unknownTo(panel)]));
  const ready = [];
  for (const panel of board.panels) {
    try { ready.push(await prepared(panel, given, shared)); } catch (error) { failures.push(`${panel.title}: ${error.stack}`); }
  }
  root?.unmount();
  const place = document.getElementById('root');
  document.body.style.background = theme.colors.background.canvas;
  root = createRoot(place);
  flushSync(() => root.render(<Dashboard board={board} ready={ready} width={width} failures={failures} theme={theme} />));
  await settled(place);
  const colors = Object.fromEntries(given.colors.map((name) => [
    name, D.colorManipulator.asHexString(theme.visualization.getColorByName(name))]));
  return { failures, colors, height: place.firstElementChild.offsetHeight, panels: ready.map((of) => seen(of, unknown[of.panel.id])) };
};

function seen(of, unknown) {
  const { panel, series } = of;
  const element = document.getElementById(`panel-${panel.id}`);
  const edge = element.getBoundingClientRect();
  const fields = series.flatMap((frame) => frame.fields.map((field) => described(field, frame, series)));
  const names = new Set(fields.map((field) => field.name));
  return {
    id: panel.id, unknown, fields,
    unmatched: (panel.fieldConfig?.overrides ?? []).map((one) => one.matcher.options).filter((name) => !names.has(name)),
    shown: ['stat', 'bargauge'].includes(panel.type) ? valuesOf(of).map(({ display }) => [
      display.title ?? '', D.formattedValueToString(display), display.numeric, display.color]) : [],
    title: element.querySelector('h2')?.textContent ?? '',
    text: element.innerText,
    legend: [...element.querySelectorAll('[aria-label^="data-testid VizLegend series"],[data-testid^="data-testid VizLegend series"]')].map((one) => one.textContent),
    empty: element.querySelector('[data-nothing]') !== null,
    columns: [...element.querySelectorAll('[role=columnheader]')].map((one) => {
      const { left, right } = one.getBoundingClientRect();
      return { name: one.textContent, left: left - edge.left, beyond: right - edge.right };
    }),
    clipped: [...element.querySelectorAll('[role=columnheader], h2')].filter((one) => one.scrollWidth > one.clientWidth + 1).map((one) => one.textContent),
    anchors: [...element.querySelectorAll('a[href]')].map((one) => one.getAttribute('href')),
  };
}

function described(field, frame, series) {
  const said = field.display ? field.values.map((value) => field.display(value)) : [];
  return {
    name: D.getFieldDisplayName(field, frame, series), type: field.type, unit: field.config.unit ?? '',
    labels: field.labels ?? {}, values: [...field.values].map((value) => typeof value === 'number' && !Number.isFinite(value) ? null : value),
    texts: said.map(D.formattedValueToString), colors: said.map((one) => one.color ?? ''),
    color: field.config.color?.fixedColor ?? '',
    links: (field.config.links ?? []).length === 0 ? [] : [...field.values].map((_, valueRowIndex) =>
      field.getLinks({ valueRowIndex }).map(({ title, href }) => ({ title, href }))),
  };
}

window.READY = initPluginTranslations('aiprov').then(() => true);
