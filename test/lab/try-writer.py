# N MiB; rewrites RATE random pages a second; verifies a round of all pages; logs gaps and errors
import os,sys,time,random,struct
open('/var/tmp/wd/w.pid','w').write(str(os.getpid()))
mib,rate,log=int(sys.argv[1]),int(sys.argv[2]),sys.argv[3]
n=mib*256
m=bytearray(n*4096)
rnd=random.Random(7)
block=os.urandom(4096-16)
gen=[0]*n
for i in range(n):
    m[i*4096:(i+1)*4096]=struct.pack('<QQ',i,0)+block
f=open(log,'a',buffering=1)
f.write('start\n')
last=time.monotonic(); worst=0; chk=0; bad=0; t0=time.time(); wrote=0
rounds=0
while True:
    now=time.monotonic(); gap=now-last; last=now
    if gap>worst: worst=gap
    for _ in range(max(1,rate//20)):
        i=rnd.randrange(n); gen[i]+=1
        m[i*4096:i*4096+16]=struct.pack('<QQ',i,gen[i])
    for _ in range(256):
        a,b=struct.unpack('<QQ',m[chk*4096:chk*4096+16])
        if (a,b)!=(chk,gen[chk]) or m[chk*4096+16:(chk+1)*4096]!=block: bad+=1
        chk+=1
        if chk==n: chk=0; rounds+=1
    f.write('gap %.0f worst %.0f rounds %d bad %d\n'%(gap*1000,worst*1000,rounds,bad))
    time.sleep(0.05)
