"""Say what an index of Hubbub's own making looks like at Azure AI Search."""

from azure.search.documents.indexes.models import (
    HnswAlgorithmConfiguration,
    HnswParameters,
    SearchField,
    SearchIndex,
    SemanticConfiguration,
    SemanticField,
    SemanticPrioritizedFields,
    SemanticSearch,
    VectorSearch,
    VectorSearchProfile,
)

from hubbub.search.azure_query import EMBEDDING, SEARCHED

_PROFILE = "hubbub-vectors"
_ALGORITHM = "hubbub-hnsw"
_STRING = "Edm.String"


def definition(name: str, *, dimensions: int | None, analyzer: str, ranker: str) -> SearchIndex:
    """Return the definition of an index; `dimensions` None leaves the vectors out."""
    fields = [
        SearchField(name="id", type=_STRING, key=True, filterable=True, searchable=False, facetable=False),
        *(
            SearchField(name=field, type=_STRING, filterable=True, searchable=False, sortable=False, facetable=False)
            for field in ("document_id", "collection_id")
        ),
        *(
            SearchField(name=field, type="Edm.Int32", filterable=True, sortable=True, facetable=False)
            for field in ("number", "page")
        ),
        *(
            SearchField(
                name=field,
                type=_STRING,
                searchable=True,
                filterable=False,
                sortable=False,
                facetable=False,
                analyzer_name=analyzer,
            )
            for field in SEARCHED
        ),
        SearchField(name="name", type=_STRING, searchable=False, filterable=True, sortable=False, facetable=False),
        SearchField(name="category", type=_STRING, searchable=False, filterable=True, sortable=False, facetable=True),
    ]
    vectors = None
    if dimensions is not None:
        fields.append(
            SearchField(
                name=EMBEDDING,
                type="Collection(Edm.Single)",
                searchable=True,
                retrievable=False,
                stored=False,  # nobody reads it back: the index is half as large without
                vector_search_dimensions=dimensions,
                vector_search_profile_name=_PROFILE,
            )
        )
        vectors = VectorSearch(
            algorithms=[HnswAlgorithmConfiguration(name=_ALGORITHM, parameters=HnswParameters(metric="cosine"))],
            profiles=[VectorSearchProfile(name=_PROFILE, algorithm_configuration_name=_ALGORITHM)],
        )
    semantic = SemanticSearch(
        configurations=[
            SemanticConfiguration(
                name=ranker,
                prioritized_fields=SemanticPrioritizedFields(
                    title_field=SemanticField(field_name="title"),
                    content_fields=[SemanticField(field_name="text")],
                    keywords_fields=[SemanticField(field_name="heading")],
                ),
            )
        ]
    )
    return SearchIndex(name=name, fields=fields, vector_search=vectors, semantic_search=semantic if ranker else None)


def faults_of(found: SearchIndex, wanted: SearchIndex) -> list[str]:
    """Say why an index that is there can't be used as one of our own; a missing `embedding` can be added."""
    has = {field.name: field for field in found.fields}
    missing = [field.name for field in wanted.fields if field.name not in has and field.name != EMBEDDING]
    if missing:
        return [
            f"search.azure.index: “{found.name}” was not made by Hubbub (it has no {', '.join(missing)}). "
            'Name one that is not there yet, or set search.azure.fields = "sample" to read this one'
        ]
    mine = next((field for field in wanted.fields if field.name == EMBEDDING), None)
    theirs = has.get(EMBEDDING)
    if mine and theirs and mine.vector_search_dimensions != theirs.vector_search_dimensions:
        return [
            f"search.azure.index: the vectors in “{found.name}” have {theirs.vector_search_dimensions} dimensions, the "
            f"embedder's {mine.vector_search_dimensions}. Name another index, or embed with the model that filled it"
        ]
    return []
