--- The frame of the hosted pages: plain HTML that stands alone. Nothing is loaded from anywhere,
-- and the policy says so to the browser.
local core = require "scalekit.core"

local html = {}

local STYLE = [[
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --paper: #fff;
  --ground: #f3f5f7; --accent: #0b57d0; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #9aa4ae; --line: #3a424b; --paper: #161b22; --ground: #0d1117;
    --accent: #8ab4f8; }
}
* { box-sizing: border-box; }
body { margin: 0; padding: 1rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, sans-serif; }
main { max-width: 28rem; margin: 8vh auto 0; padding: 1.5rem; background: var(--paper);
  border: 1px solid var(--line); border-radius: .75rem; }
h1 { margin: 0 0 1rem; font-size: 1.35rem; line-height: 1.3; }
p, ul { margin: 0 0 1rem; }
form { margin: 0 0 1.25rem; }
main > :last-child { margin-bottom: 0; }
ul { padding-left: 1.2rem; }
.soft { color: var(--soft); font-size: .9rem; }
.wrap { overflow-wrap: anywhere; }
.row { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem; }
button { flex: 1 1 8rem; min-height: 2.75rem; padding: .5rem 1rem; font: inherit;
  color: var(--ink); background: var(--paper); border: 1px solid var(--line);
  border-radius: .5rem; cursor: pointer; }
button.main { color: var(--paper); background: var(--accent); border-color: var(--accent); }
button:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
]]

local STYLE_HASH = "'sha256-" .. core.base64(core.sha256(STYLE)) .. "'"

local ENTITIES = {
  ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;",
}

--- Text made safe between tags and inside quoted attributes.
function html.escape(text)
  return (tostring(text):gsub("[&<>\"']", ENTITIES))
end

local function policy(form_target)
  return table.concat({
    "default-src 'none'",
    "style-src " .. STYLE_HASH,
    "form-action 'self'" .. (form_target and " " .. form_target or ""),
    "base-uri 'none'",
    "frame-ancestors 'none'",
  }, "; ")
end

--- A page.
-- @tparam number status
-- @tparam string title
-- @tparam string content HTML
-- @tparam[opt] string form_target an origin to which the answer to the page's form may redirect
-- @treturn table response
function html.page(status, title, content, form_target)
  local safe_title = html.escape(title)
  return {
    status = status,
    headers = {
      ["content-type"] = "text/html; charset=utf-8",
      ["content-security-policy"] = policy(form_target),
      ["cache-control"] = "no-store",
      ["referrer-policy"] = "same-origin",
      ["x-content-type-options"] = "nosniff",
      ["x-frame-options"] = "DENY",
    },
    body = table.concat {
      '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n',
      '<meta name="viewport" content="width=device-width, initial-scale=1">\n',
      "<title>", safe_title, "</title>\n<style>", STYLE, "</style>\n</head>\n<body>\n<main>\n",
      "<h1>", safe_title, "</h1>\n", content, "\n</main>\n</body>\n</html>\n",
    },
  }
end

return html
