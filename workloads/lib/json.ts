// A reader for flat JSON objects, whose values are numbers, strings, booleans or lists of strings,
// and a writer for the same. That is all that parameters and subtasks are made of.

import { EXIT_BAD_PARAMETER, fail } from './program';

/** The sorts of values. */
export enum Kind {
  Number,
  Text,
  Boolean,
  List,
}

export class JsonValue {
  number: f64 = 0;
  text: string = '';
  list: string[] = [];

  constructor(public kind: Kind) {}
}

/** Reads one object from the start of a text. Ends the program, naming `source`, on anything else. */
export class JsonReader {
  private at: i32 = 0;

  constructor(
    private readonly text: string,
    private readonly source: string,
  ) {}

  readObject(): Map<string, JsonValue> {
    const values = new Map<string, JsonValue>();
    this.expect(0x7b);
    if (this.peek() === 0x7d) return values;
    for (;;) {
      const name = this.readString();
      this.expect(0x3a);
      if (values.has(name)) this.refuse(name + ' occurs twice');
      values.set(name, this.readValue(name));
      if (this.peek() !== 0x2c) break;
      this.at++;
    }
    this.expect(0x7d);
    if (this.peek() !== -1) this.refuse('there is more after the object');
    return values;
  }

  private refuse(message: string): void {
    fail(EXIT_BAD_PARAMETER, this.source + ': not the JSON that is expected: ' + message);
  }

  /** The next character that is not white space, or -1 at the end. */
  private peek(): i32 {
    while (this.at < this.text.length) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return code;
      this.at++;
    }
    return -1;
  }

  private expect(code: i32): void {
    if (this.peek() !== code) {
      this.refuse('"' + String.fromCharCode(code) + '" is missing at character ' + this.at.toString());
    }
    this.at++;
  }

  private readValue(name: string): JsonValue {
    const code = this.peek();
    if (code === 0x22) {
      const value = new JsonValue(Kind.Text);
      value.text = this.readString();
      return value;
    }
    if (code === 0x5b) return this.readList(name);
    if (code === 0x74 || code === 0x66) return this.readBoolean(name);
    return this.readNumber(name);
  }

  private readList(name: string): JsonValue {
    const value = new JsonValue(Kind.List);
    this.expect(0x5b);
    if (this.peek() !== 0x5d) {
      for (;;) {
        if (this.peek() !== 0x22) this.refuse(name + ' has to be a list of strings');
        value.list.push(this.readString());
        if (this.peek() !== 0x2c) break;
        this.at++;
      }
    }
    this.expect(0x5d);
    return value;
  }

  private readBoolean(name: string): JsonValue {
    const value = new JsonValue(Kind.Boolean);
    if (this.text.startsWith('true', this.at)) {
      value.number = 1;
      this.at += 4;
    } else if (this.text.startsWith('false', this.at)) {
      this.at += 5;
    } else {
      this.refuse(name + ' has a value that can not be read');
    }
    return value;
  }

  private readNumber(name: string): JsonValue {
    const start = this.at;
    while (this.at < this.text.length && '+-0123456789.eE'.includes(this.text.charAt(this.at))) this.at++;
    const value = new JsonValue(Kind.Number);
    value.number = parseFloat(this.text.substring(start, this.at));
    if (start === this.at || !isFinite(value.number)) this.refuse(name + ' has a value that can not be read');
    return value;
  }

  private readString(): string {
    this.expect(0x22);
    let result = '';
    let start = this.at;
    for (;;) {
      if (this.at >= this.text.length) this.refuse('a string does not end');
      const code = this.text.charCodeAt(this.at);
      if (code === 0x22) break;
      this.at++;
      if (code !== 0x5c) continue;
      result += this.text.substring(start, this.at - 1) + this.readEscape();
      start = this.at;
    }
    result += this.text.substring(start, this.at);
    this.at++;
    return result;
  }

  private readEscape(): string {
    const code = this.text.charAt(this.at++);
    if (code === 'n') return '\n';
    if (code === 't') return '\t';
    if (code === 'r') return '\r';
    if (code === 'b') return '\b';
    if (code === 'f') return '\f';
    if (code === '"' || code === '\\' || code === '/') return code;
    if (code !== 'u' || this.at + 4 > this.text.length) this.refuse('a string has an unknown escape');
    const digits = this.text.substring(this.at, this.at + 4);
    for (let index = 0; index < 4; index++) {
      if (!'0123456789abcdefABCDEF'.includes(digits.charAt(index))) this.refuse('a string has an unknown escape');
    }
    this.at += 4;
    return String.fromCharCode(<i32>parseInt(digits, 16));
  }
}

/** A string as JSON. */
export function quote(text: string): string {
  let result = '"';
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0x22 || code === 0x5c) result += '\\' + text.charAt(index);
    else if (code < 0x20) result += '\\u00' + (code < 16 ? '0' : '') + code.toString(16);
    else result += text.charAt(index);
  }
  return result + '"';
}

/** Builds one line with an object. */
export class JsonLine {
  private fields: string[] = [];

  private add(name: string, value: string): JsonLine {
    this.fields.push('"' + name + '":' + value);
    return this;
  }

  int(name: string, value: i64): JsonLine {
    return this.add(name, value.toString());
  }

  float(name: string, value: f64): JsonLine {
    return this.add(name, value.toString());
  }

  text(name: string, value: string): JsonLine {
    return this.add(name, quote(value));
  }

  list(name: string, values: string[]): JsonLine {
    const quoted: string[] = [];
    for (let index = 0; index < values.length; index++) quoted.push(quote(values[index]));
    return this.add(name, '[' + quoted.join(',') + ']');
  }

  toString(): string {
    return '{' + this.fields.join(',') + '}\n';
  }
}
