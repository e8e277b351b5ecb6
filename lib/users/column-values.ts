import type { DataSource } from 'typeorm';
import { isMysql } from '../database/dialect.js';
import { columnType, isSqlite, isTextType, type ColumnMetadata } from './column-types.js';

type Test = (value: unknown, column: ColumnMetadata, source: DataSource) => boolean;

const BITS: Readonly<Record<string, number>> = {
  tinyint: 8,
  smallint: 16,
  int2: 16,
  mediumint: 24,
  int: 32,
  int4: 32,
  integer: 32,
  bigint: 64,
  int8: 64,
};
const DECIMAL = new Set(['numeric', 'decimal', 'dec', 'fixed']);
const SINGLE = new Set(['real', 'float', 'float4']);
const DOUBLE = new Set(['double', 'double precision', 'float8']);
const JSON_TYPES = new Set(['simple-json', 'json', 'jsonb']);
const MOMENTS = /^(?:datetime|timestamp)/;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d{1,4})?$/i;
const TIME = /^(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,6})?)?$/;
const DAY = /^(\d{4}-\d{2}-\d{2})(T.+)?$/;
const DAY_MS = 86_400_000;

/** Whether a column takes a value. One of a type that is not known here, or with a transformer, is left to the database. */
export function takes(column: ColumnMetadata, value: unknown, source: DataSource): boolean {
  if (value === undefined || column.transformer !== undefined) return true;
  if (value === null) return column.isNullable || column.isGenerated;
  const test = testOf(column, columnType(source.driver, column));
  if (test === undefined) return true;
  if (!column.isArray) return test(value, column, source);
  return Array.isArray(value) && value.every((each) => each === null || test(each, column, source));
}

function testOf({ type: declared, enum: values }: ColumnMetadata, type: string): Test | undefined {
  if (JSON_TYPES.has(String(declared))) return isJson;
  if (declared === 'simple-array' || declared === 'set') return undefined;
  if (values !== undefined) return (value) => values.map(String).includes(String(value));
  if (declared === Boolean || declared === 'boolean' || declared === 'bool') return isBoolean;
  if (declared === 'uuid' || type === 'uuid') return (value) => typeof value === 'string' && UUID.test(value);
  if (BITS[type] !== undefined) return isInteger;
  if (DECIMAL.has(type)) return isDecimal;
  if (SINGLE.has(type)) return (value, _, { driver }) => isReal(value, isSqlite(driver) ? Number : Math.fround);
  if (DOUBLE.has(type)) return (value) => isReal(value, Number);
  if (type === 'date') return isDay;
  if (MOMENTS.test(type)) return isMoment;
  if (type === 'time' || type === 'time without time zone') return isTime;
  return isTextType(type) ? (value) => ['string', 'number', 'bigint'].includes(typeof value) : undefined;
}

function isJson(value: unknown): boolean {
  try {
    return JSON.stringify(value) !== undefined;
  } catch {
    return false;
  }
}

function isBoolean(value: unknown): boolean {
  return typeof value === 'boolean' || value === 0 || value === 1;
}

/** By the range of the declared type also on SQLite, which would keep more: its driver reads what is not safe as a neighbour. */
function isInteger(value: unknown, column: ColumnMetadata, { driver }: DataSource): boolean {
  const type = columnType(driver, column);
  if (typeof value === 'boolean') return type === 'tinyint';
  if (typeof value === 'number' ? !Number.isInteger(value) : !/^[+-]?\d{1,20}$/.test(textOf(value))) return false;
  const whole = BigInt(typeof value === 'string' ? value.replace(/^\+/, '') : (value as number | bigint));
  if (isSqlite(driver) && !Number.isSafeInteger(Number(whole))) return false;
  const bits = BigInt(isSqlite(driver) && type === 'integer' ? 64 : (BITS[type] ?? 32));
  if (column.unsigned) return whole >= 0n && whole < 1n << bits;
  const limit = 1n << (bits - 1n);
  return whole >= -limit && whole < limit;
}

function isReal(value: unknown, round: (value: number) => number): boolean {
  if (typeof value !== 'number' && !NUMBER.test(textOf(value))) return false;
  const rounded = round(Number(value));
  if (!Number.isFinite(rounded)) return false;
  // PostgreSQL refuses what would become 0 as it does what would become infinite.
  return rounded !== 0 || !/[1-9]/.test(String(value).split(/e/i)[0] ?? '');
}

function isDecimal(value: unknown, { precision, scale }: ColumnMetadata, source: DataSource): boolean {
  if (!isReal(value, Number)) return false;
  const digits = precision ?? (isMysql(source) ? 10 : undefined);
  if (digits === undefined) return true;
  const after = scale ?? 0;
  return Math.abs(Number(value)) + 0.5 * 10 ** -after < 10 ** (digits - after);
}

function isDay(value: unknown, column: ColumnMetadata, source: DataSource): boolean {
  if (value instanceof Date) return isMoment(value, column, source);
  const [, day = '', time] = DAY.exec(textOf(value)) ?? [];
  if (time !== undefined && (isMysql(source) || Number.isNaN(Date.parse(`${day}${time}`)))) return false;
  const moment = new Date(day);
  // A parser may take the 30th of February for a day in March.
  return !Number.isNaN(moment.getTime()) && moment.toISOString().startsWith(day) && day >= firstDay(source);
}

/** A day short of either end, so that no zone moves it across. */
function isMoment(value: unknown, column: ColumnMetadata, source: DataSource): boolean {
  if (typeof value !== 'string' && !(value instanceof Date)) return false;
  const ms = new Date(value).getTime();
  const unix = isMysql(source) && columnType(source.driver, column) === 'timestamp';
  const first = unix ? DAY_MS : Date.parse(firstDay(source)) + DAY_MS;
  const last = unix ? 2 ** 31 * 1_000 - DAY_MS : Date.parse('9999-12-31');
  return ms >= first && ms < last;
}

function isTime(value: unknown): boolean {
  return value instanceof Date ? !Number.isNaN(value.getTime()) : TIME.test(textOf(value));
}

function firstDay(source: DataSource): string {
  return isMysql(source) ? '1000-01-01' : '0001-01-01';
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'bigint' ? String(value) : '';
}
