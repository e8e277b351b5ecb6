import type { ProbeAnswer } from './probe-answer.js';
import type { Answers, ProbeRequest } from './probe-request.js';

/** The answers of one run. */
export class JudgedAnswers implements Answers {
  private readonly answers = new Map<ProbeRequest, ProbeAnswer>();

  keep(request: ProbeRequest, answer: ProbeAnswer): void {
    this.answers.set(request, answer);
  }

  has(request: ProbeRequest): boolean {
    return this.answers.has(request);
  }

  of(request: ProbeRequest): ProbeAnswer {
    const answer = this.answers.get(request);
    if (answer === undefined) throw new Error(`${request.method} ${request.path} has not been sent.`);
    return answer;
  }

  all(): readonly ProbeAnswer[] {
    return [...this.answers.values()];
  }
}
