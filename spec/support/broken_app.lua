-- An app with a bug.
return function()
  return {
    handle = function(_, request)
      if request.path == "/healthz" then return { status = 200, headers = {} } end
      error "a bug that only the log may know of"
    end,
  }
end
