-- wrk's script: posts the file that is named behind the URL.

function init(arguments)
  local file = assert(io.open(arguments[1], "rb"))
  wrk.method = "POST"
  wrk.body = file:read("*a")
  wrk.headers["Content-Type"] = "application/x-amf"
  file:close()
  request = wrk.format()
end

-- Answered requests, microseconds, and how many went wrong.
function done(summary)
  local e = summary.errors
  local errors = e.connect + e.read + e.write + e.status + e.timeout
  print(string.format("summary: %d %d %d", summary.requests, summary.duration, errors))
end
