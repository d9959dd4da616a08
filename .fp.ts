import { evaluateModels } from './src/metrics/evaluate-models.js';
import { simulatedRows } from './test/src/metrics/simulated-rows.js';
for(const [B,S] of [[30,4000],[60,4000],[400,1500]] as const){let up=0,down=0,upA=0;
for(let s=0;s<S;s++){const e=evaluateModels({...simulatedRows({seed:9000+s,blocks:B,rowsPerBlock:20,candidate:1,champion:1}),metrics:['brier','auc']});
 const d=e.difference!.brier!;if(d.high<0)up++;if(d.low>0)down++;if(e.difference!.auc!.low>0)upA++;}
console.log(B,'blocks: promoted (brier)',(up/S*100).toFixed(2)+'%','rejected',(down/S*100).toFixed(2)+'%','auc promoted',(upA/S*100).toFixed(2)+'%');}
