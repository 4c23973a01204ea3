#!/usr/bin/env lua
-- The `scalekit` command.
os.exit(require("scalekit.cli").run(arg))
