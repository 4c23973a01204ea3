-- How wrk asks for the trivial location: now and then, so as to see and not to load.
function delay()
  return 2 -- milliseconds
end
