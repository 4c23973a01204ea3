-- What benches share: contenders take turns, round by round, on the first
-- core; medians are compared. A run that ends with an error is void.
local rounds = {}

--- What a command prints, without its complaints.
function rounds.output_of(command)
  local pipe = assert(io.popen(command .. " 2>/dev/null"))
  local text = pipe:read "*a"
  pipe:close()
  return text
end

function rounds.median(list)
  local sorted = {}
  for i, value in ipairs(list) do sorted[i] = value end
  table.sort(sorted)
  return sorted[math.ceil(#sorted / 2)]
end

-- { rate, cpu, rss }: calls per second, CPU microseconds per call, peak MiB
local function measure(command, calls)
  local seconds, cpu, rss =
    rounds.output_of("taskset -c 0 " .. command):match "^([%d.]+) (%d+) (%d+)"
  if not seconds then return nil end
  return {
    rate = calls / tonumber(seconds), cpu = tonumber(cpu) / calls, rss = tonumber(rss) / 1024,
  }
end

--- Runs every contender `count` times. Each has `command`, which prints
-- seconds, CPU microseconds and peak KiB, and `calls`, how many it makes.
-- Gives each its medians `rate`, `cpu` and `rss`, nil where all its runs were
-- void, and `void`, how many were.
function rounds.compare(contenders, count)
  for _, one in ipairs(contenders) do one.runs = {} end
  for _ = 1, count do
    for _, one in ipairs(contenders) do table.insert(one.runs, measure(one.command, one.calls)) end
  end
  for _, one in ipairs(contenders) do
    for _, name in ipairs { "rate", "cpu", "rss" } do
      local column = {}
      for i, run in ipairs(one.runs) do column[i] = run[name] end
      one[name] = rounds.median(column)
    end
    one.void = count - #one.runs
  end
end

--- The line by which a target is judged.
function rounds.target(name, measured, wanted, ok)
  print(("target %s %s %s %s"):format(name, measured, wanted, ok and "ok" or "short"))
end

return rounds
