"""Taking in the old branch system's export: five tables of pension files.

The way of a file: `upload` guards it, `source` finds its five tables, `staging` spools their rows in the database,
`checking` cleans and judges the rows of one pension at a time, `comparing` and `writing` store what is new,
`report` says what was not and gives it back. `service.run` walks it once; `batches` is the door of the pages.
"""
