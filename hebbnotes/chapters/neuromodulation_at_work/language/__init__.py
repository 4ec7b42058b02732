"""Networks that read Shakespeare letter by letter, with and without a signal that says when to
write.
"""
