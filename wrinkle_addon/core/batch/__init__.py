# SPDX-License-Identifier: GPL-3.0-or-later
"""Many faces in one go: any number of processes and machines that share nothing but the output folder.

``items`` says what is to be done, ``store`` what is done, ``claims`` who does what, ``work`` is one process's loop,
``order`` what it is told, ``processes`` starts some, ``run`` leads them, ``report`` tells the outcome.
"""
