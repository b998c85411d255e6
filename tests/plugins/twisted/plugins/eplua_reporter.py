"""Tells trial of the reporter whose last line names the packages of missing programs."""

from twisted.plugin import IPlugin
from twisted.trial.itrial import IReporter
from zope.interface import provider


@provider(IPlugin, IReporter)
class packages:
    """What C{trial --help-reporters} shows, and where the reporter is."""

    name = "packages"
    module = "tests.support.reporter"
    description = "verbose, and which packages the skipped tests need"
    longOpt = "packages"
    shortOpt = None
    klass = "PackagesReporter"
