-- Prints the transcript of an example, and opens links: in a demo as a browser
-- would, otherwise by asking the person.
local story = {}

local count = 0

function story.step(title, ...)
  count = count + 1
  print(("\n%d. %s"):format(count, title:format(...)))
end

function story.say(format, ...)
  print("   " .. (select("#", ...) > 0 and format:format(...) or format))
end

-- Says what is true, or stops the example.
function story.expect(truth, what)
  if not truth then error("expected: " .. what, 0) end
  story.say("✓ %s", what)
end

function story.open_links(accounts)
  if #accounts == 0 then return end
  if os.getenv "SCALEKIT_DEMO" then
    local browser = require "examples.support.browser"
    for _, account in ipairs(accounts) do browser.authorize(account.authentication_link) end
    return
  end
  io.write("   Please open the links above, authorize, and press Enter. ")
  io.flush()
  io.read "*l"
end

function story.done()
  print "\nDone."
end

return story
