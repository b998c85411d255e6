---@meta hc3.fibaro

---@class hc3.api
api = {}

---`path` with or without `/api`. The script waits; what is not there is nil and the status.
---@param path string
---@return any value, integer status # the value, and the status; 503 when the controller is out of reach
function api.get(path) end

---@param path string
---@param body? any
---@return any value, integer status # the value, and the status
function api.post(path, body) end

---@param path string
---@param body? any
---@return any value, integer status # the value, and the status
function api.put(path, body) end

---@param path string
---@param body? any
---@return any value, integer status # the value, and the status
function api.delete(path, body) end

---@class fibaro
fibaro = {}

---The same table as `fibaro`.
---@type fibaro
hub = {}

---A line of the log. A `tag` that is alone is the text.
---@param tag any
---@param ... any
function fibaro.debug(tag, ...) end

---@param tag any
---@param ... any
function fibaro.trace(tag, ...) end

---@param tag any
---@param ... any
function fibaro.warning(tag, ...) end

---@param tag any
---@param ... any
function fibaro.error(tag, ...) end

---Calls an action of a device, or of each device of a list.
---@param id integer|integer[]
---@param action string
---@param ... any
---@return any answer, integer? status # what the controller answers, and the status; of a list nothing
function fibaro.call(id, action, ...) end

---Calls an action of the devices that a filter finds, as `POST /devices/groupAction` has it.
---@param action string
---@param filter table
---@return table? # the devices
function fibaro.callGroupAction(action, filter) end

---A property.
---@param id integer
---@param property string
---@return any value, integer? modified # its value, and when it was changed
function fibaro.get(id, property) end

---@param id integer
---@param property string
---@return any # the value of a property
function fibaro.getValue(id, property) end

---@param id integer
---@return string? # name
function fibaro.getName(id) end

---@param id integer
---@return string? # type
function fibaro.getType(id) end

---@param id integer
---@return integer? # the room's number
function fibaro.getRoomID(id) end

---@param id integer
---@return integer? # the section's number
function fibaro.getSectionID(id) end

---@param id integer
---@return string? # the name of a room
function fibaro.getRoomName(id) end

---@param id integer
---@return string? # the name of the room that a device is in
function fibaro.getRoomNameByDeviceID(id) end

---The numbers of these devices, without those of the controller itself (up to 3).
---@param devices? table[]
---@return integer[] # numbers
function fibaro.getIds(devices) end

---The devices that a filter lets through: names of the REST interface, and `properties` and `interfaces` as tables. Without one: all.
---@param filter? table
---@return integer[] # numbers
function fibaro.getDevicesID(filter) end

---@param id integer
function fibaro.wakeUpDeadDevice(id) end

---A global variable.
---@param name string
---@return string? value, integer? modified # its value, and when it was changed
function fibaro.getGlobalVariable(name) end

---`value` is a string.
---@param name string
---@param value string
---@return any answer, integer status # what the controller answers, and the status
function fibaro.setGlobalVariable(name, value) end

---@param name string
---@return any answer, integer status # what the controller answers, and the status
function fibaro.deleteGlobalVariable(name) end

---As the global one, the other way round. `on_error(problem)` gets what `f` raises.
---@param milliseconds number
---@param f fun()
---@param on_error? fun(problem: any)
---@return eplua.Timer # the timer
function fibaro.setTimeout(milliseconds, f, on_error) end

---@param milliseconds number
---@param f fun()
---@return eplua.Timer # the timer
function fibaro.setInterval(milliseconds, f) end

---@param timer? eplua.Timer
function fibaro.clearTimeout(timer) end

---@param timer? eplua.Timer
function fibaro.clearInterval(timer) end

---Holds the script back: no other handler of it runs meanwhile.
---@param milliseconds number
function fibaro.sleep(milliseconds) end

---Means nothing here: handlers run one at a time always.
---@param value boolean
function fibaro.useAsyncHandler(value) end

---Starts or ends scenes: `"execute"`, `"executeSync"` or `"kill"`.
---@param action string
---@param ids integer|integer[]
function fibaro.scene(action, ids) end

---`fibaro.profile("activateProfile", id)`; the other order is taken too.
---@param action string|integer
---@param id integer|string
---@return any answer, integer status # what the controller answers, and the status
function fibaro.profile(action, id) end

---`"arm"` or `"disarm"`: the house, `fibaro.alarm("arm")`, or a partition, `fibaro.alarm(1, "arm")`.
---@param partition integer|string
---@param action? string
---@return any answer, integer status # what the controller answers, and the status
function fibaro.alarm(partition, action) end

---The house: `"arm"` or `"disarm"`.
---@param action string
---@return any answer, integer status # what the controller answers, and the status
function fibaro.__houseAlarm(action) end

---@return table[] # the alarm's partitions
function fibaro.getPartitions() end

---@param id integer
---@return table? # one of them
function fibaro.getPartition(id) end

---@return boolean # boolean
function fibaro.isHomeBreached() end

---@param id integer
---@return boolean # boolean
function fibaro.isPartitionBreached(id) end

---@param id integer
---@return string? # `"armed"` or `"disarmed"`
function fibaro.getPartitionArmState(id) end

---@return string # `"armed"`, `"disarmed"` or `"partially_armed"`
function fibaro.getHomeArmState() end

---@param name string
---@return any answer, integer status # what the controller answers, and the status
function fibaro.emitCustomEvent(name) end

---As `emitCustomEvent`, for an event that is made first if there is none.
---@param name string
---@param description? string
---@return any answer, integer status # what the controller answers, and the status
function fibaro.postCustomEvent(name, description) end

---Notifies: `"email"` users, `"push"` the mobile devices of users, `"simplePush"` mobile devices.
---@param kind string
---@param ids integer[]
---@param message string
function fibaro.alert(kind, ids, message) end

---@return string? # the serial number of the controller
function fibaro.homeId() end

---How many runs of a scene go on; in a scene its own without a number.
---@param id? integer
---@return integer? # number
function fibaro.countScenes(id) end

---A variable of a scene, which outlives its runs.
---@param name string
---@return any # its value
function fibaro.getSceneVariable(name) end

---@param name string
---@param value any
function fibaro.setSceneVariable(name, value) end

---@class plugin
---@field mainDeviceId integer # the device of the script's QuickApp
---@field mainQA QuickApp # its object
plugin = {}

---@param id integer
---@return table? device, integer status # a device, and the status
function plugin.getDevice(id) end

---@param id integer
---@return any answer, integer status # what the controller answers, and the status
function plugin.deleteDevice(id) end

---@param id integer
---@param name string
---@return any # a property of a device
function plugin.getProperty(id, name) end

---Without a number those of the script's own device.
---@param id? integer
---@return table[]? devices, integer status # devices, and the status
function plugin.getChildDevices(id) end

---@param options table
---@return table? device, integer status # the device, and the status
function plugin.createChildDevice(options) end

---Starts a QuickApp anew, without a number the script's own.
---@param id? integer
---@return any answer, integer status # what the controller answers, and the status
function plugin.restart(id) end

---Levels of the functions of `logger`.
---@enum logger
logger = {
  TRACE = 0,
  DEBUG = 1,
  INFO = 2,
  WARNING = 3,
  ERROR = 4,
  FATAL = 5,
}

---A line with the script's tag, from the level on that was set.
---@param ... any
function logger.trace(...) end

---@param ... any
function logger.debug(...) end

---@param ... any
function logger.info(...) end

---@param ... any
function logger.warning(...) end

---@param ... any
function logger.error(...) end

---@param ... any
function logger.fatal(...) end

---@param level integer
function logger.setLevel(level) end

---@return integer # the level
function logger.getLevel() end
