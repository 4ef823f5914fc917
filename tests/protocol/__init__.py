"""The protocol of live scoring, fences and replays as an executable model, explored exhaustively.

Nothing here touches Kafka or the product's code: it is the specification, made to run.
`python -m tests.protocol.explore --without RULE` shows what happens without a rule.
"""
