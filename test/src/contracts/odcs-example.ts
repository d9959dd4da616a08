import type { OdcsDocument } from '../../../src/contracts/odcs.js';
import { parseYaml } from '../../../src/spec/yaml.js';

/** A contract with a bit of everything that we read. */
export const ODCS_YAML = `apiVersion: v3.1.0
kind: DataContract
id: shop
version: 1.2.0
status: active
schema:
  - name: Web_Orders
    physicalName: web_orders_v2
    customProperties:
      - { property: perennial.otherColumns, value: warn }
      - { property: steward, value: somebody }
    quality:
      - { id: enough, metric: rowCount, mustBeBetween: [10, 5000], severity: warning }
      - { metric: duplicateValues, arguments: { properties: [order, line] }, mustBeLessThan: 1, unit: percent }
    properties:
      - name: order
        physicalName: order_id
        logicalType: string
        logicalTypeOptions: { pattern: '^[A-Z]{2}[0-9]+$', maxLength: 12 }
        primaryKey: true
        primaryKeyPosition: 1
        customProperties: [{ property: perennial.role, value: id }]
      - name: line
        logicalType: integer
        logicalTypeOptions: { minimum: 1, format: u8 }
        primaryKey: true
        primaryKeyPosition: 2
      - name: price
        logicalType: number
        logicalTypeOptions: { exclusiveMinimum: 0, multipleOf: 0.01 }
        quality:
          - { id: known, metric: nullValues, mustBeLessOrEqualTo: 5, unit: percent, severity: quarantine }
          - { type: sql, query: 'SELECT avg({property}) FROM {object};', mustBeLessThan: 100, description: Not dear }
        customProperties: [{ property: perennial.role, value: [feature, slice] }]
      - name: channel
        logicalType: string
        quality:
          - { metric: invalidValues, arguments: { validValues: [web, app, null] }, mustBe: 0, severity: Quarantine }
          - { metric: missingValues, arguments: { missingValues: [null, '', n/a] }, mustBe: 0 }
        customProperties:
          - { property: perennial.severity, value: warn }
          - { property: perennial.optional, value: true }
      - name: at
        logicalType: timestamp
        logicalTypeOptions: { minimum: '2020-01-01' }
        required: true
      - { name: returned, logicalType: boolean, required: true }
slaProperties:
  - { property: latency, value: 2, unit: d, element: Web_Orders.at }
  - { property: retention, value: 3, unit: y, element: Web_Orders.at }
`;

/** The text with one part replaced, as a document. */
export function odcs(from = '', to = '', text = ODCS_YAML): OdcsDocument {
  if (!text.includes(from)) throw new Error(`the example has no ${from}`);
  const { value, syntax } = parseYaml(text.replace(from, () => to));
  if (syntax.length > 0) throw new Error(syntax[0]?.message);
  // Tests that need a valid document see to it.
  return value as OdcsDocument;
}
