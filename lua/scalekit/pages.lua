--- All items of a list, page by page.
--
-- Every method that lists has one beside it that walks through all pages, named
-- with `each` for `list`: `client.mcp:list_configs{…}` and
-- `client.mcp:each_config{…}`, `client.tools:list_scoped{…}` and
-- `client.tools:each_scoped{…}`; beside `search` it is `each_found`. The options
-- are the same; without a `page_size` the largest one is asked for.
--
--     for config, err in client.mcp:each_config() do
--       if err then return nil, err end
--       print(config.name)
--     end
--
-- A loop ends at the first nil, so a failure comes as a last round in which the
-- item is `false` and the second value is the error: who forgets to look at it
-- stumbles over `false` instead of taking half a list for the whole.
--
-- What a loop cannot say, the methods can: `configs:next()` answers the next
-- item, nil at the end, or `nil, err`, after which the next call asks for the
-- same page again.
--
-- Inside a scheduler only the coroutine that iterates waits. Lua 5.1 has no way
-- to wait inside the iterator of a `for`: there the loop runs the other tasks of
-- `scalekit.run` from within, and elsewhere blocks them for one request;
-- `next()` parks on 5.1 too.
-- @module scalekit.pages

local client = require "scalekit.client"
local driver = require "scalekit.driver"
local errors = require "scalekit.error"
local json = require "scalekit.json"
local schema = require "scalekit.schema"

local pages = {}
pages.__index = pages
pages.__name = "scalekit.pages"

function pages:__tostring()
  return "scalekit.pages(" .. self.op.label .. ")"
end

--- Makes the iterator; sends nothing yet.
-- @local
-- @tparam table op a row of `scalekit.ops` that has `items`
-- @tparam table of the client
-- @tparam table|nil args
-- @treturn[1] table
-- @treturn[2] nil
-- @treturn[2] string misuse, to be raised at the caller's line
function pages.new(op, of, args)
  local _, _, misuse = client.prepare(op, args)
  if misuse then return nil, misuse end
  local copy = { page_size = schema.kinds[op.query].page_size.max }
  for name, value in pairs(args or {}) do copy[name] = value end
  return setmetatable({
    op = op, client = of, args = copy,
    member = copy.filter_summary and op.names or op.items,
    token = copy.page_token, -- of the page to ask for next
    seen = {}, at = 0, items = {},
    --- How many items there are on all pages, as the server said last.
    total = nil,
    --- Whether the last page has been read.
    done = false,
  }, pages)
end

local function nonsense(self, message)
  return nil, errors.new { kind = "protocol", operation = self.op.label, message = message }
end

-- Takes over what a page says; what a server must not say is an error.
local function accept(self, reply)
  local items, following = reply[self.member], reply.next_page_token
  if type(items) ~= "table" or json.is_object(items) then
    return nonsense(self, ("'%s' in the server's page is no list"):format(self.member))
  elseif following ~= nil and type(following) ~= "string" then
    return nonsense(self, "the server's page token is no text")
  end
  self.seen[self.token or ""] = true
  self.current, self.items, self.at = self.token, items, 0
  if following == "" then following = nil end
  self.token, self.done = following, following == nil
  self.total = type(reply.total_size) == "number" and reply.total_size or self.total
  return reply
end

--- The next page, whole; items of the one before that are not read yet are
-- passed over.
-- @treturn[1] table the answer, as on the wire
-- @treturn[2] nil at the end
-- @treturn[3] nil
-- @treturn[3] scalekit.error the next call asks for the same page again
function pages:page()
  if self.done then
    self.items, self.at = {}, 0
    return nil
  end
  if self.seen[self.token or ""] then
    return nonsense(self, "the server repeats a page token; its pages would never end")
  end
  self.args.page_token = self.token
  local request, err = client.prepare(self.op, self.args)
  if not request then return nil, err end
  local reply
  reply, err = self.client:call(self.op, request)
  if not reply then return nil, err end
  return accept(self, reply)
end

--- The next item.
-- @treturn[1] any the item
-- @treturn[2] nil at the end
-- @treturn[3] nil
-- @treturn[3] scalekit.error the next call asks for the same page again
function pages:next()
  while true do
    local item = self.items[self.at + 1]
    if item ~= nil then
      self.at = self.at + 1
      return item
    end
    local page, err = self:page()
    if not page then return nil, err end
  end
end

--- Where another iterator can go on: `page_token` for the same method with the
-- same options. It gives the page that holds the next item, so some items may
-- come twice, and none is lost.
-- @treturn ?string "" for the first page; nil where nothing is left
function pages:resume_token()
  if self.items[self.at + 1] ~= nil then return self.current or "" end
  if self.done then return nil end
  return self.token or ""
end

function pages:__call()
  if self.failed then -- has been said
    self.failed = nil
    return nil
  end
  local item, err = driver.hold(self.next, self)
  if not err then return item end
  self.failed = true
  return false, err
end

return pages
