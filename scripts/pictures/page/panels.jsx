// One panel of each kind, drawn by the component that Grafana draws it with.
import React from 'react';
import * as D from '@grafana/data';
import * as U from '@grafana/ui';
import { TableNG } from '@grafana/ui/unstable';

const NOTHING = <div data-nothing>no data</div>;

export function valuesOf({ panel, series, theme, replace }) {
  return D.getFieldDisplayValues({
    fieldConfig: panel.fieldConfig, reduceOptions: panel.options.reduceOptions,
    replaceVariables: replace, theme, data: series, timeZone: 'utc',
    sparkline: panel.options.graphMode === 'area',
  });
}

const orientationOf = ({ orientation }, width, height) =>
  ['vertical', 'horizontal'].includes(orientation) ? orientation : width > height ? 'vertical' : 'horizontal';

function Repeated({ of, width, height, render }) {
  const { options } = of.panel;
  return <U.VizRepeater source={of.series} getValues={() => valuesOf(of)} renderCounter={0}
    getAlignmentFactors={D.getDisplayValueAlignmentFactors} width={width} height={height}
    itemSpacing={3} autoGrid={of.panel.type === 'stat'}
    orientation={orientationOf(options, width, height)} renderValue={render} />;
}

const KINDS = {
  stat: (props) => <Repeated {...props} render={({ value, width, height, count, alignmentFactors }) => {
    const { colorMode, graphMode, justifyMode = 'auto', textMode, text } = props.of.panel.options;
    return <U.BigValue value={value.display} count={count} sparkline={value.sparkline} colorMode={colorMode}
      graphMode={graphMode} justifyMode={justifyMode} textMode={textMode} text={text}
      alignmentFactors={alignmentFactors} width={width} height={height} theme={props.of.theme} />;
  }} />,
  bargauge: (props) => <Repeated {...props} render={({ value, width, height, orientation, alignmentFactors }) => {
    const { displayMode, showUnfilled = true, valueMode = 'color', namePlacement = 'auto', text } = props.of.panel.options;
    return <U.BarGauge value={value.display} width={width} height={height} orientation={orientation}
      field={value.field} display={value.view?.getFieldDisplayProcessor(value.colIndex)} theme={props.of.theme}
      itemSpacing={8} displayMode={displayMode} alignmentFactors={alignmentFactors} showUnfilled={showUnfilled}
      text={text} valueDisplayMode={valueMode} namePlacement={namePlacement} />;
  }} />,
  timeseries: ({ of, width, height }) => <U.TimeSeries frames={of.series} structureRev={1} timeRange={of.range}
    timeZone="utc" width={width} height={height} legend={of.panel.options.legend} options={of.panel.options}>
    {(config) => <Marks config={config} at={of.marks} color={of.theme.visualization.getColorByName('yellow')} />}
  </U.TimeSeries>,
  table: ({ of, width, height }) => <TableNG data={of.series[0]} width={width} height={height}
    noHeader={!of.panel.options.showHeader} structureRev={1} enableVirtualization={false}
    getActions={() => []} replaceVariables={of.replace} timeRange={of.range} transparent={false}
    initialSortBy={of.panel.options.sortBy} />,
};

// What annotations are in Grafana: dashed lines across, here without their tooltips.
function Marks({ config, at, color }) {
  React.useLayoutEffect(() => {
    config.addHook('draw', ({ ctx, bbox, valToPos }) => {
      ctx.save();
      ctx.strokeStyle = color;
      ctx.lineWidth = devicePixelRatio;
      ctx.setLineDash([4, 4]);
      for (const time of at) { // in seconds, as Prometheus has them
        const x = valToPos(time * 1000, 'x', true);
        ctx.beginPath();
        ctx.moveTo(x, bbox.top);
        ctx.lineTo(x, bbox.top + bbox.height);
        ctx.stroke();
      }
      ctx.restore();
    });
  }, [config]);
  return null;
}

export function Inside({ of, width, height }) {
  const { panel, series } = of;
  if (panel.type === 'text') {
    return <div className="markdown-html" dangerouslySetInnerHTML={{ __html: D.renderTextPanelMarkdown(panel.options.content) }} />;
  }
  const filled = series.some((frame) => frame.length > 0);
  return filled ? KINDS[panel.type]({ of, width, height }) : NOTHING;
}
