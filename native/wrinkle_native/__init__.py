# SPDX-License-Identifier: GPL-3.0-or-later
"""The parts of the Wrinkle add-on that must be fast.

Every function checks its arguments (TypeError or ValueError naming the argument), releases the GIL and shares one pool
of threads. A ``progress`` argument is a callable ``(fraction, text)`` or None, called on the calling thread at most
every 50 ms: returning False raises :class:`Cancelled`, raising an exception lets that exception out; so
``functools.partial(report, progress)`` of ``wrinkle_addon.core.progress`` can be passed as it is.
"""

from ._core import *  # noqa: F403  (everything public there is public here; the list is in __init__.pyi)
