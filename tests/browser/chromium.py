"""A headless Chromium that a test drives by WebDriver, with nothing but Python's own library."""
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request


def skip_without():
    """Ends the program as skipped (77) where Chromium or its driver is not installed."""
    missing = [package for program, package in (("chromium", "chromium"), ("chromedriver", "chromium-driver"))
               if not shutil.which(program)]
    if missing:
        print(f"skipped: not installed: {', '.join(missing)}")
        sys.exit(77)


class Chromium:
    """One window. To be used with `with`, at whose end it is closed."""

    def __init__(self, port):
        self.root = f"http://127.0.0.1:{port}"
        self.session = None
        self.driver = subprocess.Popen(["chromedriver", f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def __enter__(self):
        try:
            self._begin()
        except BaseException:
            self.driver.terminate()
            raise
        return self

    def __exit__(self, *_):
        try:
            self._call("DELETE", "")
        finally:
            self.driver.terminate()

    def open(self, address):
        self._call("POST", "/url", {"url": address})

    def script(self, text, *arguments):
        """What a script of the page returns."""
        return self._call("POST", "/execute/sync", {"script": text, "args": list(arguments)})

    def script_that_calls_back(self, text):
        """What a script hands to its last argument."""
        return self._call("POST", "/execute/async", {"script": text, "args": []})

    def show_as(self, width, scheme, media="screen"):
        """On a device so wide, which has no lower limit as the window has, light or dark, on screen or in print."""
        self._command("Emulation.setDeviceMetricsOverride",
                      {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500})
        self._command("Emulation.setEmulatedMedia",
                      {"media": media, "features": [{"name": "prefers-color-scheme", "value": scheme}]})

    def errors(self):
        """What was said in the console since the last time."""
        return [entry["message"] for entry in self._call("POST", "/se/log", {"type": "browser"})]

    def _begin(self):
        for _ in range(100):
            try:
                self._send("GET", "/status")
                break
            except OSError:
                time.sleep(0.1)
        arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
                     "--hide-scrollbars", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
        self.session = self._send("POST", "/session", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": arguments}, "goog:loggingPrefs": {"browser": "ALL"}}}})["sessionId"]

    def _command(self, name, parameters):
        self._call("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def _call(self, method, path, body=None):
        return self._send(method, f"/session/{self.session}{path}", body)

    def _send(self, method, path, body=None):
        request = urllib.request.Request(self.root + path, method=method,
                                         data=None if body is None else json.dumps(body).encode(),
                                         headers={"Content-Type": "application/json"})
        return json.load(urllib.request.urlopen(request, timeout=120))["value"]


def address_of(page):
    return "file://" + os.path.abspath(page)
