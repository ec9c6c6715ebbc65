"""A CherryPy application."""

import cherrypy
import stock


class Shelf:
    @cherrypy.expose
    def index(self):  # human
        return "shelf"  # human


class Root:
    shelf = Shelf()

    @cherrypy.expose
    def item(self):
        stock.work()
        return "got"

    @cherrypy.expose
    def fail(self):
        stock.fail()

    @cherrypy.expose
    def away(self):
        raise cherrypy.HTTPError(410)

    @cherrypy.expose
    def elsewhere(self):
        raise cherrypy.HTTPRedirect("/item")


app = cherrypy.Application(Root())
