--%%name=Lamp
--%%type=com.fibaro.binarySwitch
--%%var=address:"http://192.168.1.20"

function QuickApp:onInit()
  self.client = net.HTTPClient({ timeout = 5000 })
  self:debug("started")
end

--- Ask the lamp for something; when it has done that the device has the value.
function QuickApp:ask(path, value)
  self.client:request(self:getVariable("address") .. path, {
    options = { method = "POST" },
    success = function(response)
      if response.status == 200 then
        self:updateProperty("value", value)
      else
        self:error("the lamp answers", response.status)
      end
    end,
    error = function(message) self:error("the lamp:", message) end,
  })
end

function QuickApp:turnOn() self:ask("/on", true) end

function QuickApp:turnOff() self:ask("/off", false) end
