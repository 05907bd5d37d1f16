-- Sends the requests of a file, one after the other, again and again; one line of JSON about the run.
-- BENCH_REQUESTS: lines of `token <tab> body`. BENCH_BYTES_MIN, where it is set: every answer is looked at, and one
-- that is no 200, has errors or is shorter counts as wrong.
local threads = {}
local requests, at = {}, 0
local bytes_min = tonumber(os.getenv("BENCH_BYTES_MIN"))
wrong, example = 0, "" -- global, so that done() can ask the thread for them

function setup(thread)
  table.insert(threads, thread)
end

function init(_)
  for line in io.lines(os.getenv("BENCH_REQUESTS")) do
    local token, body = line:match("^(.-)\t(.*)$")
    local headers = { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. token }
    requests[#requests + 1] = wrk.format("POST", nil, headers, body)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

if bytes_min then
  function response(status, _, body)
    if status ~= 200 or #body < bytes_min or body:find('"errors"', 1, true) then
      wrong = wrong + 1
      example = status .. " " .. body:sub(1, 500)
    end
  end
end

function done(summary, latency, _)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  for _, thread in ipairs(threads) do
    failed = failed + thread:get("wrong")
    if thread:get("wrong") > 0 then
      io.write(thread:get("example"), "\n")
    end
  end
  io.write(string.format(
    '{"requests": %d, "failed": %d, "bytes": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d}\n',
    summary.requests, failed, summary.bytes, summary.duration, latency:percentile(50), latency:percentile(99)
  ))
end
