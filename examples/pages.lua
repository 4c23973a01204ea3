-- Lists that come in pages.
--
--   scalekit dev -- lua examples/pages.lua
local scalekit = require "scalekit"
local story = require "examples.support.story"
local check = scalekit.check

local client = check(scalekit.new())

story.step "Every item, whatever page it is on"
local names = {}
for tool, err in client.tools:each { page_size = 3 } do
  check(tool, err) -- a page that could not be read ends the loop with `false, err`
  names[#names + 1] = tool.definition.name
end
story.say("%d tools, from %s to %s", #names, names[1], names[#names])

story.step "Page by page"
local pages = client.tools:each { page_size = 5 }
local page = check(pages:page())
while page do
  story.say("%d of %d", #page.tools, page.total_size)
  local err
  page, err = pages:page()
  if err then error(err, 0) end
end

story.step "Stopping, and going on later from where it was"
local first = client.tools:each { page_size = 4 }
for _ = 1, 4 do check(first:next()) end
local token = first:resume_token()
local rest = 0
for tool, err in client.tools:each { page_size = 4, page_token = token } do
  check(tool, err)
  rest = rest + 1
end
story.expect(rest == #names - 4, ("%d tools were left"):format(rest))

story.done()
