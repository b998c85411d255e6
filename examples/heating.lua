-- What test_heating.py tests: a thermostat. `house` is the application's.
-- luacheck: read_globals house

local heating = false

task.start(function()
  while true do
    task.sleep(60 * 1000)
    local celsius, message = house.temperature()
    if not celsius then
      print("no temperature: " .. message)
    elseif celsius < 20 and not heating or celsius > 21 and heating then
      heating = not heating
      house.switch(heating)
    end
  end
end)
