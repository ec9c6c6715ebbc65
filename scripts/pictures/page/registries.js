// What Grafana's server registers when it starts: field options, transformations, and the options
// that only some panels have. The packages hold the code, and leave the registration to the server.
import * as D from '@grafana/data';

const option = (id, process, settings = {}) => ({
  id, path: id, name: id, category: [], settings, process,
  override: () => null, editor: () => null, shouldApply: () => true,
});

const STANDARD = [
  option('displayName', D.displayNameOverrideProcessor, { expandTemplateVars: true }),
  option('unit', D.unitOverrideProcessor),
  option('min', D.numberOverrideProcessor),
  option('max', D.numberOverrideProcessor),
  option('fieldMinMax', D.booleanOverrideProcessor),
  option('decimals', D.numberOverrideProcessor),
  option('noValue', D.stringOverrideProcessor),
  option('links', D.dataLinksOverrideProcessor),
  option('actions', D.identityOverrideProcessor),
  option('color', D.identityOverrideProcessor),
  option('thresholds', D.thresholdsOverrideProcessor),
  option('mappings', D.valueMappingsOverrideProcessor),
  option('filterable', D.booleanOverrideProcessor),
  option('description', D.stringOverrideProcessor),
];

// The fields of GraphFieldConfig and TableFieldOptions of @grafana/schema, with the defaults that
// the panels of Grafana give them.
const CUSTOM = {
  timeseries: {
    drawStyle: 'line', lineInterpolation: 'linear', lineWidth: 1, lineStyle: undefined,
    fillOpacity: 0, gradientMode: 'none', fillBelowTo: undefined, spanNulls: false,
    insertNulls: false, showPoints: 'auto', pointSize: 5, stacking: { mode: 'none', group: 'A' },
    barAlignment: 0, barWidthFactor: 0.6, scaleDistribution: { type: 'linear' },
    axisPlacement: 'auto', axisLabel: '', axisWidth: undefined, axisSoftMin: undefined,
    axisSoftMax: undefined, axisGridShow: true, axisCenteredZero: false, axisColorMode: 'text',
    axisBorderShow: false, thresholdsStyle: { mode: 'off' },
    hideFrom: { tooltip: false, viz: false, legend: false },
  },
  table: {
    align: 'auto', cellOptions: { type: 'auto' }, width: undefined, minWidth: undefined,
    inspect: false, filterable: false, hidden: false, wrapHeaderText: false, wrapText: false,
    footer: { reducers: [] }, hideFrom: undefined,
  },
};

export const optionsOf = (kind) => new D.Registry(() => [
  ...STANDARD,
  ...Object.entries(CUSTOM[kind] ?? {}).map(([path, defaultValue]) => ({
    ...option(`custom.${path}`, D.identityOverrideProcessor), path, defaultValue, isCustom: true,
  })),
]);

export function register() {
  D.standardFieldConfigEditorRegistry.setInit(() => STANDARD);
  const byId = new Map(Object.values(D.standardTransformers).map((one) => [one.id, one]));
  D.standardTransformersRegistry.setInit(() => [...byId.values()].map((one) => ({
    id: one.id, name: one.name, editor: () => null, imageDark: '', imageLight: '',
    transformation: async () => one,
  })));
}

// What of a panel no registry knows; a browser that meets it says nothing, and shows less.
export function unknownTo(panel) {
  const known = optionsOf(panel.type);
  const { defaults = {}, overrides = [] } = panel.fieldConfig ?? {};
  const { custom = {}, ...standard } = defaults;
  const ids = [
    ...Object.keys(standard),
    ...Object.keys(custom).map((key) => `custom.${key}`),
    ...overrides.flatMap((one) => one.properties.map((property) => property.id)),
  ];
  return [
    ...ids.filter((id) => !known.getIfExists(id)).map((id) => `field option ${id}`),
    ...overrides.filter((one) => !D.fieldMatchers.getIfExists(one.matcher.id))
      .map((one) => `matcher ${one.matcher.id}`),
    ...(panel.transformations ?? []).filter((one) => !D.standardTransformersRegistry.getIfExists(one.id))
      .map((one) => `transformation ${one.id}`),
    ...[defaults.unit, ...overrides.flatMap((one) => one.properties)
      .filter((one) => one?.id === 'unit').map((one) => one.value)]
      .filter((unit) => unit && !unit.includes(':') && !UNITS.has(unit)).map((unit) => `unit ${unit}`),
  ];
}

const UNITS = new Set(D.getValueFormats().flatMap((group) => group.submenu.map((one) => one.value)));
