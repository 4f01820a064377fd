"""One class per user intention: manage the library, search, index, choose the model.

Every method blocks and may be called from any thread but the window's; callbacks come on worker threads.
"""
