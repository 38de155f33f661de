"""Why a backup was not saved or not restored."""


class BackupFailed(Exception):
    """One line for the operator."""
