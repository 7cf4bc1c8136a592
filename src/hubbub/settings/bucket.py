"""What it takes to use an S3 bucket or an Azure container."""

from pydantic import SecretStr

from hubbub.settings.table import Table


class BucketAccess(Table):
    """Where a bucket's server is, and who signs in there."""

    endpoint: str = ""
    """The server's address, where it is not the vendor's own: `https://minio.example.org`."""
    region: str = ""
    """The bucket's region; empty: AWS_REGION."""
    account: str = ""
    """The storage account, at Azure; empty: AZURE_STORAGE_ACCOUNT_NAME."""
    access_key_id: str = ""
    """The id of S3's key. Without a key Hubbub signs in as AWS's variables say, or as the machine may."""
    secret_access_key: SecretStr | None = None
    """The secret of that key."""
    session_token: SecretStr | None = None
    """The token of a key that is good for a while."""
    account_key: SecretStr | None = None
    """The storage account's key. Without key and signature an identity signs in, as Azure's variables say."""
    sas_token: SecretStr | None = None
    """A shared access signature that may list and read, and write and delete where files are kept."""


class Bucket(BucketAccess):
    """The bucket in which the files of documents lie; needs `pip install 'hubbub[buckets]'`."""

    url: str = ""
    """The bucket, as `s3://bucket/prefix`, or the container, as `az://container/prefix`."""
