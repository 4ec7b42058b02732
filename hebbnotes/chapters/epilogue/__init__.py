"""What the epilogue alone uses: the ledger of the book."""
