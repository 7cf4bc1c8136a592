/** What the operators' pages are made of: tables that scroll by themselves, figures, bars. */

import type { ComponentChildren } from "preact";
import { locale, t } from "../../language/t";

export const number = (value: number) => value.toLocaleString(locale);

export const seconds = (value: number) =>
  value < 1 ? `${(value * 1000).toPrecision(3)} ms` : `${value.toLocaleString(locale, { maximumFractionDigits: 1 })} s`;

export const when = (at: number) =>
  new Date(at * 1000).toLocaleString(locale, { dateStyle: "medium", timeStyle: "medium" });

interface TableProperties {
  label: string;
  heads: readonly string[];
  /** Of which columns the contents are numbers. */
  numbers?: readonly number[];
  children: ComponentChildren;
}

export function Table({ label, heads, numbers = [], children }: TableProperties) {
  return (
    <section class="operators-wide" aria-label={label} tabIndex={0}>
      <table class="operators-table">
        <thead>
          <tr>
            {heads.map((head, place) => (
              <th key={head} scope="col" class={numbers.includes(place) ? "is-number" : ""}>
                {head || <span class="visually-hidden">{t("What to do")}</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

export function Figures({ of }: { of: readonly (readonly [string, string])[] }) {
  return (
    <dl class="operators-figures">
      {of.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <bdi>{value}</bdi>
          </dd>
        </div>
      ))}
    </dl>
  );
}

export function More({ more }: { more: (() => void) | null }) {
  if (more === null) return null;
  return (
    <button type="button" class="button" onClick={more}>
      {t("Show more")}
    </button>
  );
}

const BAR = 10;
const HEIGHT = 100;

/** Amounts in order, as bars; the figures stand in a table beside it. */
export function Bars({ of, words }: { of: readonly (readonly [string, number])[]; words: string }) {
  const most = Math.max(1, ...of.map(([, amount]) => amount));
  return (
    <figure class="operators-chart">
      <svg
        viewBox={`0 0 ${Math.max(1, of.length) * BAR} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={words}
      >
        {of.map(([name, amount], place) => (
          <rect
            key={name}
            x={place * BAR + 1}
            y={HEIGHT - (HEIGHT * amount) / most}
            width={BAR - 2}
            height={(HEIGHT * amount) / most}
          >
            <title>{`${name}: ${number(amount)}`}</title>
          </rect>
        ))}
      </svg>
      <figcaption>{words}</figcaption>
    </figure>
  );
}

/** How much of the most an amount is, as a bar in a table; the figure stands beside it. */
export function Share({ amount, most }: { amount: number; most: number }) {
  return (
    <svg class="operators-share" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
      <rect width={most > 0 ? (100 * amount) / most : 0} height="10" />
    </svg>
  );
}
