---@meta hc3

---A device as an object: its fields are those that the controller has.
---@class Device
---@field id integer # its number
---@field name string
---@field type string # such as `com.fibaro.binarySwitch`
---@field baseType string
---@field enabled boolean
---@field visible boolean
---@field roomID integer
---@field sectionID? integer
---@field parentId integer
---@field properties table<string, any> # by name; those that others change follow after the handler that runs
---@field interfaces string[]
---@field actions table<string, integer>
---@field [string] any # others that the controller has
Device = {}

---Takes the fields of a device; without a table it raises.
---@param device table
function Device:__init(device) end

---What QuickApp and QuickAppChild have in common.
---@class QuickAppBase: Device
---@field uiCallbacks table<string, table<string, string>> # methods by element and event, from the view
QuickAppBase = {}

---Takes the fields of a device, and the callbacks of its view.
---@param device table
function QuickAppBase:__init(device) end

---A line of the log. Also without an object: `QuickApp:debug("text")`.
---@param ... any
function QuickAppBase:debug(...) end

---@param ... any
function QuickAppBase:trace(...) end

---@param ... any
function QuickAppBase:warning(...) end

---@param ... any
function QuickAppBase:error(...) end

---Changes a property, here and in the controller.
---@param name string
---@param value any
---@return any answer, integer status # what the controller answers, and the status
function QuickAppBase:updateProperty(name, value) end

---Changes an element of the view; one that there is not is ignored.
---@param element string
---@param property string
---@param value any
---@return any answer, integer status # what the controller answers, and the status
function QuickAppBase:updateView(element, property, value) end

---@return table? # the view
function QuickAppBase:getView() end

---A variable of the QuickApp.
---@param name string
---@return any # its value, `""` if there is none
function QuickAppBase:getVariable(name) end

---@param name string
---@param value any
---@return any answer, integer status # what the controller answers, and the status
function QuickAppBase:setVariable(name, value) end

---@param name string
---@return boolean # boolean
function QuickAppBase:hasInterface(name) end

---@param names string[]
---@return any answer, integer status # what the controller answers, and the status
function QuickAppBase:addInterfaces(names) end

---@param names string[]
---@return any answer, integer status # what the controller answers, and the status
function QuickAppBase:deleteInterfaces(names) end

---@param value string
---@return any answer, integer status # what the controller answers, and the status
function QuickAppBase:setName(value) end

---@param value boolean
---@return any answer, integer status # what the controller answers, and the status
function QuickAppBase:setEnabled(value) end

---@param value boolean
---@return any answer, integer status # what the controller answers, and the status
function QuickAppBase:setVisible(value) end

---The number of an icon.
---@param icon number
---@return any answer, integer status # what the controller answers, and the status
function QuickAppBase:setIcon(icon) end

---Whether the device is of a type, or of one that has it as a base.
---@param base string
---@return boolean # boolean
function QuickAppBase:isTypeOf(base) end

---What was stored under a key; it outlives a restart. Without a key all of them, by name.
---@param key? string
---@return any # the value, nil if there is none
function QuickAppBase:internalStorageGet(key) end

---@param key string
---@param value any
---@param hidden? boolean
---@return integer # the status
function QuickAppBase:internalStorageSet(key, value, hidden) end

---@param key string
---@return integer # the status
function QuickAppBase:internalStorageRemove(key) end

---Removes all of them.
---@return integer # the status
function QuickAppBase:internalStorageClear() end

---The method `callback` is called for an event of an element: `onReleased` of a button, `onChanged` of a slider
---@param element string
---@param event string
---@param callback string
function QuickAppBase:registerUICallback(element, event, callback) end

---Registers those of the view anew; `__init` has done it.
function QuickAppBase:setupUICallbacks() end

QuickAppBase.registerUICallbacks = QuickAppBase.setupUICallbacks

---Calls a method by its name; one that there is not is a warning.
---@param name string
---@param ... any
---@return any ... # what the method returns
function QuickAppBase:callAction(name, ...) end

---Presses an element of the view, as a user would.
---@param event string
---@param element string
---@param value? any
function QuickAppBase:UIAction(event, element, value) end

---The QuickApp of a script. Its methods are the script's, and its actions.
---@class QuickApp: QuickAppBase
---@field childDevices table<integer, QuickAppChild> # by their numbers
---@field childsInitialized boolean # `initChildDevices` was called
---@field onInit? fun(self: QuickApp) # the script's: it starts
---@field actionHandler? fun(self: QuickApp, action: table) # the script's: gets each action, `deviceId`, `actionName`, `args`, in place of the methods
---@field UIHandler? fun(self: QuickApp, event: table) # the script's: gets each press, `deviceId`, `elementName`, `eventType`, `values`, in place of the callbacks
QuickApp = {}

---The host calls it when all files have run: `onInit`, then `initChildDevices` unless `onInit` did.
---@param device table
function QuickApp:__init(device) end

---Makes the objects of the children that the controller has: `classes[type]` makes them.
---@param classes? table<string, table>
function QuickApp:initChildDevices(classes) end

---Makes a child device and its object. Options: `name`, `type`, `initialProperties`, `initialInterfaces`.
---@param options table
---@param made? table
---@return QuickAppChild # the child, of the class `made`, or QuickAppChild
function QuickApp:createChildDevice(options, made) end

---@param id number
---@return integer # the status
function QuickApp:removeChildDevice(id) end

---A child of a QuickApp. A class of one's own: `class "Lamp" (QuickAppChild)`.
---@class QuickAppChild: QuickAppBase
---@field parent QuickApp # set before `onInit`
---@field onInit? fun(self: QuickAppChild) # the script's
QuickAppChild = {}

---A class that extends it calls it first: `QuickAppChild.__init(self, device)`.
---@param device table
function QuickAppChild:__init(device) end

---What changes in the controller, as events: `local s = RefreshStateSubscriber()`.
---@class RefreshStateSubscriber
RefreshStateSubscriber = {}

---@return nil
function RefreshStateSubscriber:__init() end

---`handler(event)` for the events that `filter(event)` is true for, while it runs.
---@param filter fun(event: table): boolean
---@param handler fun(event: table)
---@return table # for `unsubscribe`
function RefreshStateSubscriber:subscribe(filter, handler) end

---@param subscription table
function RefreshStateSubscriber:unsubscribe(subscription) end

function RefreshStateSubscriber:run() end

function RefreshStateSubscriber:stop() end

---Makes a global class: `class "Lamp" (QuickAppChild)`; `Lamp(...)` makes an instance by `Lamp.__init`.
---@param name string
---@return fun(base: table) # what gives it its base
function class(name) end

---A member of a class that is read by `getter(self)` and written by `setter(self, value)`.
---@param getter fun(self: any): any
---@param setter? fun(self: any, value: any)
---@return table # the member: `Lamp.level = property(get, set)`
function property(getter, setter) end

---Within `__init` of a class that extends another: calls that one's.
---@param ... any
function super(...) end

---The tag of the script's lines: `QUICKAPP` and its number, or what the script writes there.
---@type string
__TAG = ""

---The object of the script's QuickApp; set when its `onInit` returned.
---@type QuickApp
quickApp = {}

---In a scene: its number.
---@type integer
sceneId = 0

---In a scene: what has started it.
---@type table
sourceTrigger = {}

---What is `task` elsewhere.
---@type task
eplua.task = {}

---Calls an action: `{deviceId, actionName, args}`. A script may put another in its place.
---@param id integer
---@param event table
---@return any ... # what the action returns
function onAction(id, event) end

---Calls what a press calls: `{deviceId, elementName, eventType, values}`. A script may put another in its place.
---@param id integer
---@param event table
---@return any ... # what the callback returns
function onUIEvent(id, event) end

---The tree of the device types; `:isTypeOf(base, type)` asks it.
---@return table # an object
function getHierarchy() end

---@param s? string
---@return string? # with all but letters, digits, `-`, `_`, `.` and `~` escaped
function urlencode(s) end

---Raises at the script's line unless a value is of a type.
---@param value any
---@param kind string
function __assert_type(value, kind) end

---@param test any
---@param yes any
---@param no any
---@return any # `yes` if `test` is true, else `no`
function __ternary(test, yes, no) end
