"""Build everything once from the settings, and close it in the reverse order."""

from hubbub.compose.application import (
    open_application,
    open_application_within,
    open_asking,
    open_engine,
    open_keys,
    open_operated,
    open_people_work,
)
from hubbub.compose.azure import azure_faults
from hubbub.compose.backends import backend_faults, has_documents_in_folder
from hubbub.compose.clients import check_open_files, clients_for
from hubbub.compose.data_folder import prepare_folder
from hubbub.compose.databases import check_databases
from hubbub.compose.directory import open_directory
from hubbub.compose.documents import DocumentStore, going_on, open_document_store, sandbox_of
from hubbub.compose.fetching import fetcher_of
from hubbub.compose.files import check_bucket
from hubbub.compose.front import everybody_warning, origins_for
from hubbub.compose.identity import identity_faults, open_people, ways_to_sign_in
from hubbub.compose.metering import open_audit, open_deeds, open_usage
from hubbub.compose.models import (
    Chosen,
    OnFetch,
    can_embed_model,
    choose_models,
    fetch_weights,
    missing_packages,
    missing_weights,
    open_catalog,
    open_embedder,
)
from hubbub.compose.moving import move
from hubbub.compose.pools import faults_of, pools_of
from hubbub.compose.providers import provider_names
from hubbub.compose.rated import open_rated
from hubbub.compose.sources import syncing_of, where
from hubbub.compose.telemetry import telemetry_faults, telemetry_shown

__all__ = [
    "Chosen",
    "DocumentStore",
    "OnFetch",
    "azure_faults",
    "backend_faults",
    "can_embed_model",
    "check_bucket",
    "check_databases",
    "check_open_files",
    "choose_models",
    "clients_for",
    "everybody_warning",
    "faults_of",
    "fetch_weights",
    "fetcher_of",
    "going_on",
    "has_documents_in_folder",
    "identity_faults",
    "missing_packages",
    "missing_weights",
    "move",
    "open_application",
    "open_application_within",
    "open_asking",
    "open_audit",
    "open_catalog",
    "open_deeds",
    "open_directory",
    "open_document_store",
    "open_embedder",
    "open_engine",
    "open_keys",
    "open_operated",
    "open_people",
    "open_people_work",
    "open_rated",
    "open_usage",
    "origins_for",
    "pools_of",
    "prepare_folder",
    "provider_names",
    "sandbox_of",
    "syncing_of",
    "telemetry_faults",
    "telemetry_shown",
    "ways_to_sign_in",
    "where",
]
