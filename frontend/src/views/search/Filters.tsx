/** Narrow a search down: by collection, kind of file, name and date. */

import { t } from "../../language/t";
import { isNarrow } from "../../state/layout";
import { collections } from "../../state/library";
import { facets } from "../../state/searching";
import { clearFilters, hasFilters, want, wanted } from "../../state/wanted";

export function Filters() {
  return (
    <details class="filters" open={!isNarrow.value || undefined}>
      <summary>{t("Filters")}</summary>
      <form class="filters-form" aria-label={t("Filters")} onSubmit={(event) => event.preventDefault()}>
        <Facet
          title={t("Collection")}
          counts={facets.value.collections}
          chosen={wanted.value.collections}
          nameOf={(id) => collections.value?.find((one) => one.id === id)?.name ?? t("Files of a chat")}
          choose={(chosen) => want({ collections: chosen })}
        />
        <Facet
          title={t("Kind")}
          counts={facets.value.kinds}
          chosen={wanted.value.kinds}
          nameOf={(kind) => (kind === "" ? t("Other") : kind.toUpperCase())}
          choose={(chosen) => want({ kinds: chosen })}
        />
        <div class="filters-part">
          <label class="label" for="search-name">
            {t("Name of the file")}
          </label>
          <input
            id="search-name"
            class="field"
            autocomplete="off"
            maxLength={390}
            dir="auto"
            value={wanted.value.name}
            onInput={(event) => want({ name: event.currentTarget.value })}
          />
        </div>
        <fieldset class="filters-part">
          <legend class="label">{t("Added")}</legend>
          <Day id="search-from" label={t("From")} value={wanted.value.from} choose={(from) => want({ from })} />
          <Day id="search-to" label={t("To")} value={wanted.value.to} choose={(to) => want({ to })} />
        </fieldset>
        {hasFilters.value && (
          <button type="button" class="button" onClick={clearFilters}>
            {t("Clear the filters")}
          </button>
        )}
      </form>
    </details>
  );
}

interface FacetProperties {
  title: string;
  counts: Readonly<Record<string, number>>;
  chosen: readonly string[];
  nameOf: (value: string) => string;
  choose: (chosen: readonly string[]) => void;
}

function Facet({ title, counts, chosen, nameOf, choose }: FacetProperties) {
  const values = [...new Set([...chosen, ...Object.keys(counts)])];
  if (values.length === 0) return null;
  const byName = values.map((value) => ({ value, name: nameOf(value) })).sort((a, b) => a.name.localeCompare(b.name));
  return (
    <fieldset class="filters-part">
      <legend class="label">{title}</legend>
      {byName.map(({ value, name }) => (
        <label key={value} class="facet">
          <input
            type="checkbox"
            checked={chosen.includes(value)}
            onChange={() => choose(chosen.includes(value) ? chosen.filter((one) => one !== value) : [...chosen, value])}
          />
          <span class="facet-name" dir="auto">
            {name}
          </span>
          <span class="search-count">{counts[value] ?? 0}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Day(properties: { id: string; label: string; value: string; choose: (day: string) => void }) {
  const { id, label, value, choose } = properties;
  return (
    <div class="filters-day">
      <label for={id}>{label}</label>
      <input id={id} type="date" class="field" value={value} onChange={(event) => choose(event.currentTarget.value)} />
    </div>
  );
}
