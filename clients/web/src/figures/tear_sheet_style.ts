//! How the tear sheet looks: light, on A4 or Letter. The policy in the document names the hash of these very bytes.

export const STYLE = `
@page { margin: 11mm 13mm; }
:root { color-scheme: light; }
* { box-sizing: border-box; margin: 0; padding: 0; }
body { background: #fff; color: #1d2126; font: 8.3pt/1.32 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; font-variant-numeric: tabular-nums lining-nums; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
main { margin: 0 auto; max-width: 690px; padding: 14px 0; }
h1 { font-size: 17pt; font-weight: 650; letter-spacing: -0.015em; line-height: 1.15; }
h2 { font-size: 9.6pt; font-weight: 650; margin-bottom: 4px; }
h3 { font-size: 8.4pt; font-weight: 650; margin-bottom: 1px; }
ul { list-style: none; }
.pf-masthead { border-bottom: 2px solid #1d2126; display: flex; flex-wrap: wrap; gap: 0 14px; align-items: baseline; padding-bottom: 4px; }
.pf-masthead p { color: #5b6470; }
.pf-environment { margin-left: auto; font-weight: 600; }
.pf-band { background: #fbf1dc; border: 1.5px solid #8a5a00; font-size: 9.4pt; font-weight: 650; margin-top: 6px; padding: 5px 9px; }
.pf-section { border-top: 1px solid #dcdfe3; break-inside: avoid; margin-top: 8px; padding-top: 6px; }
.pf-headline { border-top: 0; display: grid; gap: 2px 22px; grid-template-columns: 178px 1fr; }
.pf-hero { grid-row: span 2; }
.pf-hero-name, .pf-figures-list dt, .pf-unit, .pf-note, .pf-why, .pf-none, .pf-fact dt, .pf-legend { color: #5b6470; }
.pf-hero-number { font-size: 30pt; font-weight: 600; letter-spacing: -0.025em; line-height: 1.1; }
.pf-hero-number .pf-why { font-size: 9pt; letter-spacing: 0; }
.pf-unit, .pf-why { font-size: 0.86em; font-weight: 400; }
.pf-note, .pf-legend { font-size: 7.6pt; }
.pf-good { color: #17693d; }
.pf-bad { color: #a8261c; }
.pf-warning { color: #8a5a00; }
.pf-figures-list { display: grid; gap: 3px 14px; grid-template-columns: repeat(3, 1fr); }
.pf-figures-list dt { font-size: 7.6pt; }
.pf-figures-list dd { font-size: 10.5pt; font-weight: 550; line-height: 1.25; }
.pf-beside-list { border-top: 1px solid #dcdfe3; padding-top: 4px; }
.pf-figures-list .pf-why { display: block; font-size: 7.6pt; line-height: 1.15; }
.pf-beside-list dd { font-size: 9.2pt; font-weight: 450; }
.pf-charts { display: grid; gap: 4px 20px; grid-template-columns: repeat(2, minmax(0, 1fr)); }
.pf-chart-curve, .pf-charts > .pf-note { grid-column: 1 / -1; }
.pf-chart figcaption { font-weight: 650; font-size: 8.4pt; }
.pf-image { display: block; height: auto; max-width: 100%; }
.pf-legend { grid-column: 1 / -1; }
.pf-key { margin-right: 10px; white-space: nowrap; }
.pf-sign { margin-right: 4px; }
.pf-tick { fill: #5b6470; font-size: 9.5px; }
.pf-grid-line { stroke: #e4e6e9; stroke-width: 1; }
.pf-line { fill: none; stroke: #1f4e8c; stroke-linejoin: round; stroke-width: 1.2; }
.pf-observed { stroke-width: 2.2; }
.pf-beside { stroke: #5b6470; stroke-dasharray: 5 3; stroke-width: 1; }
.pf-across { stroke: #5b6470; stroke-dasharray: 1 4; stroke-width: 1.5; }
.pf-alone { fill: #1f4e8c; }
.pf-area { fill: #f1d9d6; }
.pf-chart-drawdown .pf-main, .pf-chart-drawdown .pf-observed { stroke: #a8261c; }
.pf-mark-observed { fill: #1f4e8c; }
.pf-mark-reconstructed { fill: #9db3cf; }
.pf-mark-bridged, .pf-mark-partial { fill: #8a5a00; }
.pf-mark-missing { fill: #5b6470; }
.pf-table { border-collapse: collapse; width: 100%; font-size: 7.9pt; }
.pf-table th, .pf-table td { border-bottom: 1px solid #e4e6e9; font-weight: 400; padding: 1px 6px 1px 0; text-align: left; white-space: nowrap; }
.pf-table .pf-n { padding: 1px 0 1px 6px; text-align: right; }
.pf-table thead th { color: #5b6470; vertical-align: bottom; white-space: normal; }
.pf-table tbody th { font-weight: 500; }
.pf-heat { border-collapse: separate; border-spacing: 1.5px; }
.pf-heat th, .pf-heat td, .pf-heat .pf-n { border: 0; padding: 1.5px 1px; text-align: center; }
.pf-heat td:last-child, .pf-sum-row th, .pf-sum-row td { font-weight: 650; }
.pf-part-row th { color: #5b6470; font-weight: 400; padding-left: 10px; }
.pf-heat-0 { background: #f1f2f3; }
.pf-heat-up-1 { background: #e6f0ea; }
.pf-heat-up-2 { background: #d5e6dc; }
.pf-heat-up-3 { background: #c3dbcd; }
.pf-heat-up-4 { background: #b1d0be; }
.pf-heat-up-5 { background: #9ec5af; }
.pf-heat-down-1 { background: #f7e8e6; }
.pf-heat-down-2 { background: #f1d9d6; }
.pf-heat-down-3 { background: #ebc9c6; }
.pf-heat-down-4 { background: #e4bab5; }
.pf-heat-down-5 { background: #dda9a4; }
.pf-blocks { align-items: start; display: grid; gap: 5px 26px; grid-template-columns: 1fr 1fr; }
.pf-rows .pf-figure { border-bottom: 1px solid #e4e6e9; display: flex; gap: 8px; justify-content: space-between; }
.pf-rows dd { text-align: right; }
.pf-rows .pf-figure { font-size: 7.9pt; }
.pf-three { gap: 6px 20px; grid-template-columns: repeat(3, 1fr); }
.pf-blocks .pf-section { border: 0; margin: 0; padding: 0; }
.pf-proof .pf-fact { grid-template-columns: 1fr; }
.pf-days { align-items: baseline; display: flex; gap: 4px 14px; margin-bottom: 2px; }
.pf-day-counts { display: flex; flex-wrap: wrap; gap: 0 14px; }
.pf-fact { display: grid; gap: 0 12px; grid-template-columns: 150px 1fr; padding: 1px 0; }
.pf-fact dd { overflow-wrap: anywhere; }
.pf-flags li::before { color: #8a5a00; content: "! "; font-weight: 700; }
.pf-hidden { clip-path: inset(50%); height: 1px; overflow: hidden; position: absolute; white-space: nowrap; width: 1px; }
@media screen { main { max-width: 722px; padding: 24px 16px; } .pf-page + .pf-page { margin-top: 30px; } }
@media screen and (max-width: 560px) {
  .pf-headline, .pf-blocks, .pf-three, .pf-fact, .pf-charts { grid-template-columns: minmax(0, 1fr); }
  .pf-figures-list { grid-template-columns: repeat(2, minmax(0, 1fr)); }
  .pf-scroll { overflow-x: auto; position: relative; }
  .pf-chart-curve .pf-tick { font-size: 20px; }
  .pf-chart-curve .pf-line { stroke-width: 2.4; }
}
@media print {
  main { max-width: none; padding: 0; }
  .pf-page + .pf-page { break-before: page; }
  .pf-page + .pf-page > .pf-section:first-child { border-top: 0; margin-top: 0; padding-top: 0; }
}
`;

/** SHA-256 of the style, as a content security policy has it. */
export const STYLE_SHA256 = 'sha256-yfDQlMe0qKUlICEa3xdIx1WHE4CoTQXJTK6sgB42hC8=';
