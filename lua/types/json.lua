---@meta json

---@class json
---@field null function null: truthy, and encoded as `null` again
json = {}

---Writes a value as JSON, without spaces and with `/` as `\/`. A table with the mark of an array, or whose keys are all from 1 to `#t`, is an array; `{}` is an object.
---@param value any
---@return string # text
function json.encode(value) end

---Reads JSON. `null` is `json.null`, arrays keep a mark, integers stay integers. At most 500 levels.
---@param text string|number
---@return any # the value
function json.decode(text) end

---@class json.util
---@field null function the same as `json.null`
---@field undefined function the same as `json.null`
json.util = {}

---Marks a table as an array, so that an empty one is written as `[]`.
---@param t table
---@return table # the table
function json.util.InitArray(t) end

---Whether a value is a table with the mark of an array.
---@param t any
---@return boolean # boolean
function json.util.IsArray(t) end
