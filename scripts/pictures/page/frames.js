// The answers of data sources as the frames that Grafana's plugins for them make.
import * as D from '@grafana/data';

export function framesOf(target, answer, several) {
  if (answer.columns) {
    return [D.toDataFrame({ refId: target.refId, fields: answer.columns })];
  }
  if (answer.series) {
    return answer.series.map((one) => valueFrame(target.refId, one.labels, one.name, one.points));
  }
  if (target.format === 'table') {
    return [table(target.refId, answer.result, several)];
  }
  return answer.result.map((one) =>
    valueFrame(target.refId, one.metric, named(target.legendFormat, one.metric), one.values ?? [one.value]));
}

const named = (legend, labels) =>
  legend ? legend.replace(/\{\{\s*(.+?)\s*\}\}/g, (_, key) => labels[key] ?? '') : undefined;

const number = (text) => (text === 'NaN' ? null : Number(text));

const valueFrame = (refId, labels, displayNameFromDS, points) => D.toDataFrame({
  refId,
  meta: { type: 'timeseries-multi' },
  fields: [
    { name: 'Time', type: 'time', values: points.map(([at]) => at * 1000) },
    { name: 'Value', type: 'number', labels, config: { displayNameFromDS },
      values: points.map(([, value]) => number(value)) },
  ],
});

function table(refId, result, several) {
  const labels = [...new Set(result.flatMap((one) => Object.keys(one.metric)))].sort();
  return D.toDataFrame({
    refId,
    fields: [
      { name: 'Time', type: 'time', values: result.map((one) => one.value[0] * 1000) },
      ...labels.map((name) => ({
        name, type: 'string', config: { filterable: true }, values: result.map((one) => one.metric[name] ?? ''),
      })),
      { name: several ? `Value #${refId}` : 'Value', type: 'number',
        values: result.map((one) => number(one.value[1])) },
    ],
  });
}
