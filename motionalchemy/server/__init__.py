"""An HTTP server that loses nothing: an API in the shape of OpenAI's Videos, a durable queue, one worker a device.

settings    everything that decides how a server behaves      keys        who may ask
jobs        the queue: one SQLite table                       store       the files of jobs, and who holds what
worker      the process that makes clips                      supervisor  starts the workers again
inspector   the processes that look at uploads first          events      progress as it happens
shapes      of bodies and answers                             wire        shapes <-> requests and jobs
forms       reading a body, its size bounded                  answers     JSON and refusals
service     what can be asked, without HTTP                   guard       what every request passes first
metrics     for Prometheus                                    api, run    the routes; the whole server
"""
