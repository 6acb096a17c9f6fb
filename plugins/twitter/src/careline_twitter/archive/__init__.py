"""The `twitter-archive` channel: saved responses of the X API and twarc's files, heard again."""
