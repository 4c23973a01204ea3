-- Watches a whole run of the specs for secrets that get out.
--
-- What counts as a secret: every client secret, access token, session token, webhook secret, private
-- key and provider credential that passes through this process, wherever a spec has it from. What
-- counts as out: every error (all its members), every error that is caught, every `tostring` of an
-- object, everything written to standard output or error, and the logs of every nginx that a spec
-- starts. Secrets shorter than MIN are words that specs use for tokens ("t", "token-1"), and are found
-- anywhere.
local secrets = {}

local MIN = 12
local MAX_DEPTH = 6

local SENSITIVE = {
  access_token = true, refresh_token = true, token = true, id_token = true, client_secret = true,
  password = true, api_key = true, secret = true,
}

local known, order = {}, {} -- set and list of secrets
local texts, fresh = {}, {} -- set of texts seen, list of those not looked at yet
local made = {}             -- errors, to be read as their receivers see them
local real = { tostring = tostring, pcall = pcall, xpcall = xpcall, select = select }

--- Remembers a secret.
function secrets.add(value)
  if type(value) ~= "string" or #value < MIN or known[value] then return end
  known[value] = true
  order[#order + 1] = value
end

--- Remembers something that others can read.
function secrets.note(text)
  if type(text) ~= "string" or #text < MIN or texts[text] then return end
  texts[text] = true
  fresh[#fresh + 1] = text
end

-- Where a text has one of the secrets from number `from` on.
local function leak_in(text, from)
  for i = from, #order do
    if text:find(order[i], 1, true) then return order[i] end
  end
  return nil
end

local function describe(text, secret)
  local at = text:find(secret, 1, true)
  return ("%s…(%d bytes) after: %s"):format(secret:sub(1, 4), #secret,
    text:sub(math.max(1, at - 80), at - 1))
end

-- The secrets in some texts, described; what has been told once is forgotten.
local function search(list, from)
  local found = {}
  for _, text in ipairs(list) do
    local secret = leak_in(text, from)
    if secret then
      found[#found + 1] = describe(text, secret)
      texts[text] = nil
    end
  end
  return found
end

--- How many secrets are known, and how many texts were seen.
function secrets.count()
  local seen = 0
  for _ in pairs(texts) do seen = seen + 1 end
  return #order, seen
end

-- Every string in a value that is an error.
local function note_deep(value, depth)
  if type(value) == "string" then
    secrets.note(value)
  elseif type(value) == "table" and depth < MAX_DEPTH then
    for key, item in next, value do
      if type(key) == "string" then secrets.note(key) end
      note_deep(item, depth + 1)
    end
  end
end

local function note_object(value)
  local ok, text = real.pcall(real.tostring, value)
  if ok then secrets.note(text) end
end

--- What got out since the last time: a list of descriptions.
function secrets.leaks()
  local errors_made = made
  made = {}
  for _, err in ipairs(errors_made) do
    note_object(err)
    note_deep(err, 1)
  end
  local list = fresh
  fresh = {}
  return search(list, 1)
end

--- What had got out before the secret was known, of those from number `from` on.
function secrets.late_leaks(from)
  local list = {}
  for text in pairs(texts) do list[#list + 1] = text end
  return search(list, from)
end

-- Members of a JSON value whose names say what they hold.
local function add_sensitive(value, depth)
  if type(value) ~= "table" or depth > MAX_DEPTH then return end
  for key, item in next, value do
    if type(item) == "string" then
      if SENSITIVE[key] then secrets.add(item) end
    else
      add_sensitive(item, depth + 1)
    end
  end
end

-- Puts `make(original)` in the place of a function.
local function wrap(owner, name, make)
  local original = owner[name]
  if original then owner[name] = make(original) end
end

local function watch_secrets(core, json)
  local function take(result, ...)
    if result ~= nil then secrets.add(core.reveal(result)) end
    return result, ...
  end
  local function of_result(original)
    return function(...) return take(original(...)) end
  end
  wrap(core, "secret", of_result)
  wrap(core, "jwt_sign", of_result)
  wrap(core, "credentials", function(original)
    return function(id, secret)
      secrets.add(core.reveal(secret))
      return original(id, secret)
    end
  end)
  wrap(core, "webhook_mac", function(original)
    return function(secret, text)
      if type(secret) ~= "table" then secrets.add(core.reveal(secret)) end
      return original(secret, text)
    end
  end)
  wrap(require "scalekit.auth", "token", of_result)
  local function look(value, ...)
    add_sensitive(value, 1)
    return value, ...
  end
  local function of_value(original)
    return function(...) return look(original(...)) end
  end
  wrap(json, "decode", of_value)
  -- answers that become values in C
  wrap(require "scalekit.reply", "value", of_value)
  wrap(require "scalekit.client", "try", of_value)
end

-- The private key of an nginx, its API secret, and at its end what it has logged.
local function watch_nginx(launch, shell)
  wrap(launch, "start", function(original)
    return function(...)
      local env, err = original(...)
      if not env then return nil, err end
      secrets.add(env.client_secret)
      for line in (shell.read(env.dir .. "/key.pem") or ""):gmatch "[^\n]+" do
        if not line:find "%-%-%-" then secrets.add(line) end
      end
      local stop = env.stop
      env.stop = function(self)
        for _, name in ipairs { "error.log", "access.log" } do
          for line in (shell.read(self.dir .. "/" .. name) or ""):gmatch "[^\n]+" do
            secrets.note(line)
          end
        end
        return stop(self)
      end
      return env
    end
  end)
end

local function watch_output()
  local files = getmetatable(io.stdout).__index
  wrap(files, "write", function(original)
    return function(self, ...)
      if self == io.stdout or self == io.stderr then
        for i = 1, real.select("#", ...) do secrets.note((real.select(i, ...))) end
      end
      return original(self, ...)
    end
  end)
  wrap(io, "write", function(original)
    return function(...)
      for i = 1, real.select("#", ...) do secrets.note((real.select(i, ...))) end
      return original(...)
    end
  end)
  wrap(_G, "print", function(original)
    return function(...)
      for i = 1, real.select("#", ...) do note_object((real.select(i, ...))) end
      return original(...)
    end
  end)
end

local function watch_errors(errors)
  wrap(errors, "new", function(original)
    return function(spec)
      local err = original(spec)
      made[#made + 1] = err
      return err
    end
  end)
  local function caught(ok, ...)
    if not ok then
      local value = ...
      note_object(value)
      note_deep(value, 1)
    end
    return ok, ...
  end
  wrap(_G, "pcall", function(original)
    return function(...) return caught(original(...)) end
  end)
  wrap(_G, "xpcall", function(original)
    return function(...) return caught(original(...)) end
  end)
  wrap(_G, "tostring", function(original)
    return function(...)
      local text = original(...)
      local kind = type((...))
      if kind == "table" or kind == "userdata" then secrets.note(text) end
      return text
    end
  end)
end

--- Starts watching; once for a run.
function secrets.watch()
  watch_secrets(require "scalekit.core", require "scalekit.json")
  watch_errors(require "scalekit.error")
  watch_output()
  watch_nginx(require "scalekit.host.launch", require "scalekit.host.shell")
end

return secrets
