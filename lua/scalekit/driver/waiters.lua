--- Who waits for which transfer, for drivers that share one event loop: the
-- book that is opened when a loop has news.
-- @module scalekit.driver.waiters

local waiters = {}

local by_loop = setmetatable({}, { __mode = "k" })

--- The book of a loop: `count`, and by the id of a transfer the function that
-- wakes who waits for it.
function waiters.of(loop)
  local book = by_loop[loop]
  if not book then
    book = {
      count = 0, wake = {}, generation = loop:generation(),
      transfers = setmetatable({}, { __mode = "v" }),
    }
    by_loop[loop] = book
  end
  return book
end

--- Notes that somebody waits for a transfer.
-- @treturn number for `remove`
function waiters.add(loop, transfer, wake)
  local book, id = waiters.of(loop), transfer:id()
  if not book.wake[id] then book.count = book.count + 1 end
  book.wake[id], book.transfers[id] = wake, transfer
  return id
end

--- Crosses out who will never hear of it: an event loop that is dropped takes its
-- coroutines with it, and they their transfers.
function waiters.prune(loop)
  local book = waiters.of(loop)
  for id in pairs(book.wake) do
    if not book.transfers[id] then book.wake[id], book.count = nil, book.count - 1 end
  end
end

--- Crosses somebody out; harmless where that has happened, and in a finalizer.
function waiters.remove(loop, id)
  local book = by_loop[loop]
  if book and book.wake[id] then book.wake[id], book.count = nil, book.count - 1 end
end

local function notify(book, id)
  local wake = book.wake[id]
  if not wake then return end
  book.wake[id], book.count = nil, book.count - 1
  wake()
end

--- Wakes who waits for a transfer, and crosses him out.
function waiters.notify(loop, id)
  notify(waiters.of(loop), id)
end

--- Wakes everybody whose transfer has news; after a fork, where everything
-- under way belongs to the parent, everybody.
function waiters.serve(loop)
  local book, id = waiters.of(loop), loop:news()
  while id do
    notify(book, id)
    id = loop:news()
  end
  local generation = loop:generation()
  if book.generation ~= generation then
    book.generation = generation
    for waiting in pairs(book.wake) do notify(book, waiting) end
  end
end

return waiters
