# A twistd configuration: a script as a service, beside whatever else the program has.
#
#     twistd -n -y examples/service.tac
#
# What the script prints goes to the log. When it fails it is started again after 1, 2,
# 4, ... seconds, and given up at the sixth failure within a minute.

from pathlib import Path

from twisted.application.service import Application

from eplua_twisted import Restart, RuntimeService

script = Path(__file__).with_name("service.lua").resolve()

application = Application("echo")
service = RuntimeService(
    lambda runtime: runtime.run_file(script),
    restart=Restart(attempts=5, within=60, delay=1),
)
service.setServiceParent(application)
