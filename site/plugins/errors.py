"""Keep a page that is not found a matter of one line in the log.

Once Rich is installed, which the build's progress lines need, Datasette 0.65 prints every error with all local
variables, and fails itself on some of them.
"""

import datasette.handle_exception

datasette.handle_exception.rich = None
