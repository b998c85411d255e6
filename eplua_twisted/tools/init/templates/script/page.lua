-- A page that is asked for again and again.

local page = {}

--- Ask for a page now, and again after each period, in milliseconds; `changed(text)` is called
--- with each text that is another one than before. Returns the timer.
function page.watch(url, period, changed)
  local client, last = net.HTTPClient({ timeout = 10 * 1000 }), nil

  local function ask()
    client:request(url, {
      success = function(response)
        if response.status ~= 200 then
          print(url .. ": status " .. response.status)
        elseif response.data ~= last then
          last = response.data
          changed(last)
        end
      end,
      error = function(message) print(url .. ": " .. message) end,
    })
  end

  ask()
  return setInterval(ask, period)
end

return page
