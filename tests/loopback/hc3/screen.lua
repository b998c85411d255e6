--%%name=Thermostat
--%%type=com.fibaro.multilevelSensor
--%%u={label="title", text="<b>21.5</b> °C<br><font color='blue'>fine</font> <img src=x onerror='ran=1'><script>ran=1</script>"}
--%%u={{button="warmer", text="Warmer", onReleased="warmer"},{button="colder", text="Colder", onReleased="said", onLongPressDown="said", onLongPressReleased="said"}}
--%%u={slider="target", text="Target", min="5", max="30", step="0.5", value="21", onChanged="said"}
--%%u={switch="heating", text="Heating", value="true", onReleased="heating"}
--%%u={select="mode", text="Mode", value="comfort", onToggled="said", options={{type="option",text="Comfort",value="comfort"},{type="option",text="Eco",value="eco"}}}
--%%u={multi="days", text="Days", values={"mon"}, onToggled="said", options={{type="option",text="Monday",value="mon"},{type="option",text="Tuesday",value="tue"}}}
--%%u={label="last", text=""}

local target, count = 21, 0

function QuickApp:onInit()
  self:updateProperty("value", 21.5)
  self:warning("the window is open")
  self:createChildDevice({ name = "Valve", type = "com.fibaro.binarySwitch" }, QuickAppChild)
end

function QuickApp:said(event)
  count = count + 1
  local text = count .. ": " .. event.elementName .. " " .. event.eventType
  self:updateView("last", "text", text .. " " .. json.encode(event.values))
end

function QuickApp:heating(event)
  self:updateView("title", "visible", event.values[1])
  self:said(event)
end

function QuickApp:warmer(event)
  target = target + 0.5
  self:updateView("target", "value", tostring(target))
  self:said(event)
end
