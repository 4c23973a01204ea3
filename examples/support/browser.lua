-- A browser in forty lines: opens a page, presses its first button. It stands
-- in for the person in a demo; the pages are the same that a person sees.
local scalekit = require "scalekit"
local curl = require "scalekit.transport.curl"
local check = scalekit.check

local browser = {}

local ENTITIES = { amp = "&", lt = "<", gt = ">", quot = '"', ["#39"] = "'" }

local function text(html)
  return (html:gsub("&(#?%w+);", ENTITIES))
end

local function attribute(tag, name)
  local value = tag:match("[%s\"']" .. name .. '="([^"]*)"')
  return value and text(value)
end

local function encode(value)
  return (value:gsub("[^%w%-._~]", function(c) return ("%%%02X"):format(c:byte()) end))
end

-- The form's target and its fields, those of the first button included.
local function read_form(html)
  local form, inside = html:match "(<form[^>]*>)(.-)</form>"
  if not form then error("no form on the page", 0) end
  local fields = {}
  for input in inside:gmatch '<input[^>]*type="hidden"[^>]*>' do
    fields[#fields + 1] = encode(attribute(input, "name")) .. "=" .. encode(attribute(input, "value"))
  end
  local button = inside:match "<button[^>]*>"
  if button and attribute(button, "name") then
    fields[#fields + 1] = encode(attribute(button, "name")) .. "=" .. encode(attribute(button, "value"))
  end
  return attribute(form, "action"), table.concat(fields, "&")
end

-- Opens a link and agrees to what the page asks.
function browser.authorize(link)
  local send = curl.new()
  local page = check(send { method = "GET", url = link })
  if page.status ~= 200 then error("the page answers with status " .. page.status, 0) end
  local action, body = read_form(page.body)
  local origin = link:match "^%w+://[^/]+"
  if action and action:sub(1, 1) == "/" then action = origin .. action end
  local done = check(send {
    method = "POST",
    url = action and action ~= "" and action or link,
    headers = { ["content-type"] = "application/x-www-form-urlencoded", origin = origin },
    body = body,
  })
  if done.status >= 400 then error("the page refused: status " .. done.status, 0) end
end

return browser
