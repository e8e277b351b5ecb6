import { oneLineOf, shownEvidence, type ChecklistEntry } from '../../checklist/report.js';
import { byArea, type Examination, type Places } from './examination.js';

const LEVEL_WIDTH = 11;
const NARROWEST = 80;
const WIDEST = 120;

/** The examination as text of 80 to 120 columns. */
export class DoctorPage {
  private readonly width: number;

  constructor(columns = WIDEST) {
    this.width = Math.min(WIDEST, Math.max(NARROWEST, columns));
  }

  places(module: string, { environment, databases, store }: Places): string {
    const rows = [
      ['module', module],
      [
        'environment',
        environment === 'production' ? environment : `${environment}: set NODE_ENV=production to judge all`,
      ],
      ...databases.map((database) => ['database', database]),
      ['store', store],
    ];
    return rows.map(([name = '', value = '']) => `  ${name.padEnd(LEVEL_WIDTH)} ${value}`).join('\n');
  }

  findings(examination: Examination): string {
    const { problems, unchecked, report } = examination;
    const blocks = [
      ...this.list('REFUSES THE START', problems),
      ...this.list('COULD NOT BE CHECKED', unchecked),
      ...(report === undefined ? [] : this.areas(report.entries)),
    ];
    return [...blocks, this.hang('', this.summary(examination))].join('\n\n');
  }

  private list(title: string, lines: readonly string[]): readonly string[] {
    if (lines.length === 0) return [];
    return [[title, ...lines.map((line) => this.hang('  - ', line))].join('\n')];
  }

  private areas(entries: readonly ChecklistEntry[]): readonly string[] {
    return [...byArea(entries)].map(([area, all]) =>
      [area.toUpperCase(), ...all.flatMap((entry) => this.lines(entry))].join('\n'),
    );
  }

  private lines(entry: ChecklistEntry): readonly string[] {
    const level = entry.outcome === 'finding' ? entry.severity : entry.outcome;
    const head = `  ${level.padEnd(LEVEL_WIDTH)}${entry.id.padEnd(28)} `;
    const inside = ' '.repeat(LEVEL_WIDTH + 2);
    const detail = (text: string): string => this.hang(inside, text);
    const title = this.hang(head, entry.title);
    switch (entry.outcome) {
      case 'passed':
        return [title, ...(entry.evidence === undefined ? [] : [detail(shownEvidence(entry.evidence))])];
      case 'unchecked':
        return [title, detail(`Could not be checked: ${oneLineOf(entry.reason)}.`)];
      case 'accepted':
        return [title, detail(shownEvidence(entry.evidence)), detail(`Accepted: ${oneLineOf(entry.reason)}`)];
      case 'finding':
        return [
          title,
          detail(shownEvidence(entry.evidence)),
          this.hang(`${inside}-> `, entry.change),
          detail(`[${entry.source}]`),
        ];
    }
  }

  private summary({ problems, unchecked, report, fit }: Examination): string {
    const amount = problems.length;
    const fitness = unchecked.length === 0 ? 'Fit for production.' : 'Fit for production, as far as could be checked.';
    const verdict = fit ? fitness : 'Not fit for production.';
    if (report === undefined)
      return `${amount} ${amount === 1 ? 'thing is' : 'things are'} wrong with the options, so no check ran. ${verdict}`;
    const { refuse, note, accepted, passed } = report.counts;
    const warn = report.counts.warn + unchecked.length;
    const notAsked = report.counts.unchecked + unchecked.length;
    const open = notAsked === 0 ? '' : ` (${notAsked} could not be checked)`;
    const others = amount === 0 ? '' : `${amount} beside the checks, `;
    return `${others}${refuse} refuse, ${warn} warn${open}, ${note} note, ${accepted} accepted, ${passed} passed. ${verdict}`;
  }

  /** The text behind what stands before it, wrapped at spaces; the lines below begin where the first did. */
  private hang(before: string, text: string): string {
    const lines: string[] = [];
    let line = before;
    for (const word of text.split(/\s+/)) {
      const longer = line.length === before.length ? `${line}${word}` : `${line} ${word}`;
      if (longer.length <= this.width || line.length === before.length) {
        line = longer;
        continue;
      }
      lines.push(line);
      line = `${' '.repeat(before.length)}${word}`;
    }
    return [...lines, line].map((each) => each.trimEnd()).join('\n');
  }
}
