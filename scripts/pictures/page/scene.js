// The variables and the time range of a dashboard, as Grafana's scenes hold them.
import * as D from '@grafana/data';
import { setDataSourceSrv } from '@grafana/runtime';
import * as S from '@grafana/scenes';

const source = (pluginId) => ({ uid: `${pluginId}-1`, name: pluginId, type: pluginId, meta: { id: pluginId } });
setDataSourceSrv({
  getList: ({ pluginId }) => [source(pluginId)],
  getInstanceSettings: ({ uid }) => source(uid.replace(/-1$/, '')),
});

export function sceneOf(dashboard, chosen, from, to) {
  const variables = dashboard.templating.list.map((one) => variable(one, chosen[one.name]));
  const scene = new S.EmbeddedScene({
    $variables: new S.SceneVariableSet({ variables }),
    $timeRange: new S.SceneTimeRange({ from: new Date(from).toISOString(), to: new Date(to).toISOString() }),
    body: new S.SceneFlexLayout({ children: [] }),
  });
  scene.activate();
  D.locationUtil.initialize({
    config: { appSubUrl: '' },
    getVariablesUrlParams: () => ({}),
    getTimeRangeForUrl: () => ({ from: String(from), to: String(to) }),
  });
  return scene;
}

function variable(one, value) {
  const { name, label, hide } = one;
  if (one.type === 'textbox') {
    return new S.TextBoxVariable({ name, label, hide, value });
  }
  const text = value;
  if (one.type === 'datasource') {
    return new S.DataSourceVariable({ name, label, hide, pluginId: one.query, value, text });
  }
  // The options come from the data source; that one is chosen is all that a query sees.
  return new S.TestVariable({
    name, label, hide, isMulti: one.multi, includeAll: one.includeAll, allValue: one.allValue,
    value, text, query: '', delayMs: 0, optionsToReturn: [].concat(value).map((each) => ({ label: each, value: each })),
  });
}

export const replacedIn = (scene) => (text, scoped, format) =>
  S.sceneGraph.interpolate(scene, text, scoped, format);
