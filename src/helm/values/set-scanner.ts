// Reads the text of one --set flag from left to right.

/** What stood before a stop; `stop` is `undefined` where the text ended first. */
export interface Word {
  readonly text: string;
  readonly stop: string | undefined;
}

export class SetScanner {
  readonly #text: string;
  readonly #hasEscapes: boolean;
  #at = 0;

  constructor(text: string, options: { hasEscapes: boolean }) {
    this.#text = text;
    this.#hasEscapes = options.hasEscapes;
  }

  get position(): number {
    return this.#at;
  }

  /** The text that is still to be read. */
  get rest(): string {
    return this.#text.slice(this.#at);
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#text.length;
  }

  skip(length: number): void {
    this.#at += length;
  }

  /** Reads the next character if it is this one. */
  take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  /** Reads up to one of `stops` and over it. A backslash takes its meaning from the character behind it. */
  readUntil(stops: string): Word {
    let text = "";
    while (!this.isAtEnd) {
      const character = this.#text.charAt(this.#at++);
      if (stops.includes(character)) return { text, stop: character };
      text += this.#hasEscapes && character === "\\" ? this.#text.charAt(this.#at++) : character;
    }
    return { text, stop: undefined };
  }
}
